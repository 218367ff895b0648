"""The hand-made bundle and its films."""

from ..brightness import bundle, films  # noqa: F401
