"""The plots and pictures of a report."""
