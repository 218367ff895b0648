"""The shapes of all that is written: card, predictions, statistics."""
