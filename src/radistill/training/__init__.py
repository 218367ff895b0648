"""Training of one network: loop, optimiser, objective, views, head, validation."""
