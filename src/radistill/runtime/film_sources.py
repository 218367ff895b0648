"""Films as Python programs have them, paths, bytes, arrays and Pillow images, for decoding."""

import os
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageFile, ImageOps

from radistill.errors import UsageError
from radistill.imaging.grey import to_grey
from radistill.imaging.refusal import DecodeError
from radistill.imaging.sandbox.intake import Upload

_BYTES = bytes | bytearray | memoryview
Film = os.PathLike[str] | str | _BYTES | np.ndarray | Image.Image
_CHANNELS = (1, 3, 4)  # grey, RGB, RGBA
_READ = ("JPEG", "MPO", "PNG", "TIFF", "BMP", "WEBP")


def is_film(value: object) -> bool:
    """Whether it is one film, and not several; arrays are if (H, W) or (H, W, 1, 3 or 4)."""
    if isinstance(value, np.ndarray):
        return value.ndim == 2 or (value.ndim == 3 and value.shape[2] in _CHANNELS)
    return isinstance(value, os.PathLike | str | Image.Image | _BYTES) or not isinstance(
        value, Iterable
    )


def as_source(film: Film) -> Path | Upload:
    """What an `Intake` decodes: a path, or bytes that hold every pixel of an image or array.

    Raises UsageError for what is no film.
    """
    if isinstance(film, str | os.PathLike):
        return Path(film)
    if isinstance(film, _BYTES):
        return Upload("", bytes(film))
    if isinstance(film, Image.Image):
        return Upload(os.fsdecode(getattr(film, "filename", "")), _content(film))
    if isinstance(film, np.ndarray) and is_film(film):
        pixels = film[..., 0] if film.shape[2:] == (1,) else film
        try:
            return Upload("", _content(Image.fromarray(np.ascontiguousarray(pixels))))
        except (TypeError, ValueError):  # Pillow knows no such pixels
            pass
    what = f"an array of {film.dtype} {film.shape}" if isinstance(film, np.ndarray) else repr(film)
    raise UsageError(
        f"{what[:200]}: not a film; give a path, the bytes of a file, a Pillow image, or an array "
        "of 8 or 16 bits, (H, W) or (H, W, 3)"
    )


def _content(image: Image.Image) -> bytes:
    """Of the file that an image is of, if it is still as the file has it; else a PNG of its greys.

    What no film has, such as floating point, goes as a TIFF, for the decoder to refuse.
    """
    opened = image.fp if isinstance(image, ImageFile.ImageFile) and image.tile else None
    if opened is not None and image.format in _READ and image.tell() == 0:
        place = opened.tell()
        opened.seek(0)
        content: bytes = opened.read()
        opened.seek(place)
        return content
    file = BytesIO()
    try:
        grey = to_grey(image)
    except DecodeError:
        image.save(file, "TIFF")
        return file.getvalue()
    film = Image.fromarray(np.asarray(grey))
    film.info["exif"] = image.getexif().tobytes()
    ImageOps.exif_transpose(film).save(file, "PNG", compress_level=1)
    return file.getvalue()
