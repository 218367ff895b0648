"""The hand-made bundle and its films."""

from __future__ import annotations

from ..brightness import bundle, films  # noqa: F401
