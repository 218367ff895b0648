"""The result for a file: a film, whole or made small, or a refusal.

The answers come from a process that a crafted file may have taken over. Their types and sizes are
checked, and the form of the sha256, which becomes a file name.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from radistill.imaging.refusal import Code, DecodeError

if TYPE_CHECKING:
    import numpy as np

_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class Decoded:
    """A film.

    path: as given. sha256: of the file, hexadecimal. shape: (H, W) of the film, EXIF orientation
        applied. pixels: uint8, bright is dense: the film (H, W), or the square (S, S) asked for, by
        `radistill.imaging.to_square`. preview: (h, w) uint8, the whole film scaled down, or None.
        source and tags: as `radistill.imaging.picture.Picture` has them. ms: milliseconds that
        reading, decoding and resizing took.
    """

    path: str
    sha256: str
    shape: tuple[int, int]
    pixels: np.ndarray
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


Answer = tuple[dict[str, Any], bytearray]  # head and body of a frame


def result_of(name: str, answer: Answer, square: int) -> Decoded | Refused:
    """An answer of the worker about a file. Raises DecodeError (crashed) if it is none."""
    head, body = answer
    try:
        if "code" in head:
            return Refused(name, Code(head["code"]), str(head["message"]))
        return decoded(name, head, body, square)
    except (KeyError, TypeError, ValueError, OverflowError):
        raise DecodeError(Code.CRASHED, "decoding gave no film; the file is bad") from None


def decoded(path: str, head: Mapping[str, Any], body: bytearray, square: int) -> Decoded:
    """An answer of the worker. square: side of the square asked for, 0 for the whole film.

    Raises KeyError, TypeError or ValueError if it makes no sense.
    """
    import numpy as np  # not before the processes have started

    shape = _shape(head["height"], head["width"])
    height, width = (square, square) if square else shape
    pixels, rest = np.split(np.frombuffer(body, np.uint8), [height * width])
    preview = rest.reshape(_shape(*head["preview"])) if "preview" in head else None
    if not _SHA256.fullmatch(head["sha256"]) or not math.isfinite(head["ms"]):
        raise ValueError("sha256 or ms")
    if preview is None and len(rest):
        raise ValueError("more than a film")
    return Decoded(
        path=path,
        sha256=head["sha256"],
        shape=shape,
        pixels=pixels.reshape(height, width),
        preview=preview,
        source=str(head["source"]),
        tags=_tags(head),
        ms=head["ms"],
    )


def _shape(height: Any, width: Any) -> tuple[int, int]:
    if not (isinstance(height, int) and isinstance(width, int) and height > 0 and width > 0):
        raise ValueError("shape")
    return height, width


def _tags(head: Mapping[str, Any]) -> dict[str, Any]:
    tags = dict(head["tags"])
    kinds = {"age_years": float, "age_unreadable": bool}
    for name, value in tags.items():
        kind = kinds.get(name, str)
        if value is not None and not isinstance(value, kind):
            raise ValueError("tags")
    return tags
