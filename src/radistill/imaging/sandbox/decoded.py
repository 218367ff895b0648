"""What becomes of a file: a film, whole or made small, or a refusal.

The answers come from a process that a crafted file may have taken over, so what they say is
checked: of the right type and size, and a sha256 that is one, for it names files.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class Decoded:
    """A film.

    path: as given. sha256: of the file, hexadecimal. pixels: (H, W) uint8, bright is dense, EXIF
        orientation applied. source and tags: as `radistill.imaging.Picture` has them.
    """

    path: str
    sha256: str
    pixels: np.ndarray
    source: str
    tags: Mapping[str, Any]


@dataclass(frozen=True)
class Reduced:
    """A film made small where it was decoded.

    shape: (H, W) that it had. square: (S, S) uint8, by `radistill.imaging.to_square`. preview:
        (h, w) uint8, the whole film scaled down, or None. ms: milliseconds that reading, decoding
        and this took. The others as `Decoded` has them.
    """

    path: str
    sha256: str
    shape: tuple[int, int]
    square: np.ndarray
    preview: np.ndarray | None
    source: str
    tags: Mapping[str, Any]
    ms: float


@dataclass(frozen=True)
class Refused:
    """A file that gave no film. code: one of `radistill.imaging.Code`; message: for people."""

    path: str
    code: str
    message: str


def decoded(path: str, head: Mapping[str, Any], body: bytearray) -> Decoded:
    """An answer of `radistill.imaging.sandbox.worker`. Raises KeyError, TypeError or ValueError."""
    import numpy as np  # not before the processes have started

    pixels = np.frombuffer(body, np.uint8).reshape(_shape(head["height"], head["width"]))
    return Decoded(path, _sha256(head), pixels, str(head["source"]), _tags(head))


def reduced(side: int, path: str, head: Mapping[str, Any], body: bytearray) -> Reduced:
    """An answer with a square of `side` pixels. Raises KeyError, TypeError or ValueError."""
    import numpy as np

    values = np.frombuffer(body, np.uint8)
    preview = None
    if "preview" in head:
        preview = values[side * side :].reshape(_shape(*head["preview"]))
        values = values[: side * side]
    if not math.isfinite(head["ms"]):
        raise ValueError("ms")
    return Reduced(
        path=path,
        sha256=_sha256(head),
        shape=_shape(head["height"], head["width"]),
        square=values.reshape(side, side),
        preview=preview,
        source=str(head["source"]),
        tags=_tags(head),
        ms=head["ms"],
    )


def _shape(height: Any, width: Any) -> tuple[int, int]:
    if not (isinstance(height, int) and isinstance(width, int) and height > 0 and width > 0):
        raise ValueError("shape")
    return height, width


def _sha256(head: Mapping[str, Any]) -> str:
    digest = head["sha256"]
    if not _SHA256.fullmatch(digest):
        raise ValueError("sha256")
    return str(digest)


def _tags(head: Mapping[str, Any]) -> dict[str, Any]:
    tags = dict(head["tags"])
    for name, value in tags.items():
        kind = float if name == "age_years" else str
        if value is not None and not isinstance(value, kind):
            raise ValueError("tags")
    return tags
