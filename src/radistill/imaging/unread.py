"""What a whole file is that Pillow does not read, so that it is not called damaged."""

from __future__ import annotations

import struct
from contextlib import suppress
from io import BytesIO
from typing import Any

from PIL import Image

from radistill.imaging.codestream import read_header
from radistill.imaging.refusal import Code, DecodeError

_WAY_OUT = "which is not read; convert it to PNG, for example with imagecodecs (docs/intake.md)"
# Numbers of tag 259 that libtiff within Pillow has no decoder for, or the page without a server.
_COMPRESSIONS = {
    2: "fax",
    3: "fax",
    4: "fax",
    6: "old-style JPEG",
    9: "JBIG",
    10: "JBIG",
    32766: "NeXT",
    32908: "Pixar",
    32909: "Pixar",
    33003: "JPEG 2000",
    33005: "JPEG 2000",
    34661: "JBIG",
    34712: "JPEG 2000",
    34887: "LERC",
    34925: "LZMA",
    34933: "PNG",
    34934: "JPEG XR",
    50001: "WebP",
    50002: "JPEG XL",
    52546: "JPEG XL",
}
_WIDTH, _BITS, _COMPRESSION, _SAMPLES = 256, 258, 259, 277
_PHOTOMETRIC, _FILL_ORDER = 262, 266
_YCBCR, _JPEG = 6, 7  # photometric interpretation, and compression
_STRIPS, _TILES = (273, 279), (324, 325)  # offsets and byte counts
_ORDINARY_BITS = (1, 2, 4, 8)


def unread_kind(content: bytes, name: str) -> str | None:
    """Why a whole file of this format is not read, and the way out; None if it may be damaged."""
    what = None
    with suppress(Exception):  # it may be damaged after all
        what = {"JPEG": _jpeg, "TIFF": _tiff}[name](content)
    return what and f"{what}, {_WAY_OUT}"


def refuse_unread(image: Image.Image, content: bytes) -> None:
    """Refuse what Pillow would read and the page without a server does not, or otherwise.

    image: opened from `content`. Raises DecodeError (unsupported).
    """
    tags = getattr(image, "tag_v2", {})
    compression = tags.get(_COMPRESSION, 1)
    what = None
    if image.format == "BMP":
        what = _bmp(image, content)
    elif compression in _COMPRESSIONS:
        what = f"TIFF with {_COMPRESSIONS[compression]} compression"
    elif tags.get(_FILL_ORDER) == 2:
        what = "TIFF of reversed bits"
    elif tags.get(_PHOTOMETRIC) == _YCBCR and compression != _JPEG:
        what = "TIFF in YCbCr without JPEG"
    elif tags and len(tags.get(_BITS, (1,))) not in (1, samples := tags.get(_SAMPLES, 1)):
        what = f"TIFF of {samples} samples that says bits of {len(tags[_BITS])}"
    if tags and _past_end(tags, content):
        reason = "the TIFF file stops before its end; copy it again from its source"
        raise DecodeError(Code.TRUNCATED, reason)
    if what:
        raise DecodeError(Code.UNSUPPORTED, f"{what}, {_WAY_OUT}")


def _past_end(tags: Any, content: bytes) -> bool:
    """Whether a strip or tile ends behind the file, by what the directory says."""
    offsets, sizes = _STRIPS if _STRIPS[0] in tags else _TILES
    places = zip(tags.get(offsets, ()), tags.get(sizes, ()), strict=False)
    return any(at + size > len(content) for at, size in places)


def _bmp(image: Image.Image, content: bytes) -> str | None:
    if image.info.get("compression") in (1, 2):
        return "BMP with run-length encoding"
    pixels, head = struct.unpack_from("<II", content, 10)
    if head < 40:
        return None
    bits, entries = struct.unpack_from("<H16xI", content, 28)
    overlap = bits <= 8 and pixels < 14 + head + 4 * (entries or 2**bits)
    return "BMP whose pixels overlap its palette" if overlap else None


def _jpeg(content: bytes) -> str | None:
    header = read_header(content)
    if header is None or b"\xff\xd9" not in content:
        return None
    if header.coding != "JPEG":
        return header.coding
    return f"JPEG of {header.bits} bits" if header.bits != 8 else None


def _tiff(content: bytes) -> str | None:
    from PIL.TiffImagePlugin import ImageFileDirectory_v2  # not for those who read JPEGs alone

    file = BytesIO(content)
    directory = ImageFileDirectory_v2(file.read(16 if b"+" in content[2:4] else 8))  # BigTIFF
    file.seek(directory.next)
    directory.load(file)
    offsets, _ = _STRIPS if _STRIPS[0] in directory else _TILES
    if not directory[_WIDTH] or not directory[offsets] or _past_end(directory, content):
        return None
    compression = directory.get(_COMPRESSION, 1)
    if compression in _COMPRESSIONS:
        return f"TIFF with {_COMPRESSIONS[compression]} compression"
    bits, samples = directory.get(_BITS, (1,))[0], directory.get(_SAMPLES, 1)
    if samples == 1 and bits not in _ORDINARY_BITS:
        return f"TIFF of {bits} bits"
    if samples > 1 and bits != 8:
        return f"TIFF of {samples} samples of {bits} bits"
    return None
