"""Image files on disk, as folders and tables list them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from radistill.imaging import DecodeError, decode, read_content

# The phantom generator leaves this beside its films.
PHANTOM_MARK = "phantom.json"


def file_reader(root: Path) -> Callable[[str], tuple[bytes, np.ndarray]]:
    """Read `root / path`: the file's bytes and its grey pixels; raises DecodeError."""

    def read(path: str) -> tuple[bytes, np.ndarray]:
        try:
            content = read_content(root / path)
            return content, decode(content)
        except DecodeError as error:
            raise DecodeError(error.code, error.reason, path) from None

    return read


def is_synthetic(folder: Path) -> bool:
    """Whether `folder` or its parent carries the phantom generator's mark."""
    resolved = folder.resolve()
    return any((place / PHANTOM_MARK).is_file() for place in (resolved, resolved.parent))


def visible(path: Path) -> bool:
    """Not one of the files that systems and archives leave about."""
    name = path.name.lower()
    return not name.startswith((".", "__macosx")) and name not in ("thumbs.db", "desktop.ini")
