"""Labellers: trained, kept as JSON, applied without scikit-learn."""
