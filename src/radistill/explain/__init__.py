"""Heat maps and their checks, robustness to corruptions, computational cost."""
