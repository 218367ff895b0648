"""radistill: from chest X-rays to a small classifier that runs anywhere."""

__version__ = "0.1.0"
