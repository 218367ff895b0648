"""How good labellers are: nested cross-validation, figures, plots, report."""
