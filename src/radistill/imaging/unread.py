"""What a whole file is that Pillow does not read, so that it is not called damaged."""

from __future__ import annotations

from contextlib import suppress
from io import BytesIO

from radistill.imaging.codestream import read_header

_WAY_OUT = "which is not read; convert it to PNG, for example with imagecodecs (docs/intake.md)"
# Numbers of tag 259 that libtiff within Pillow has no decoder for.
_COMPRESSIONS = {
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
    34933: "PNG",
    34934: "JPEG XR",
    50002: "JPEG XL",
    52546: "JPEG XL",
}
_WIDTH, _BITS, _COMPRESSION, _SAMPLES = 256, 258, 259, 277
_STRIPS, _TILES = (273, 279), (324, 325)  # offsets and byte counts
_ORDINARY_BITS = (1, 2, 4, 8)


def unread_kind(content: bytes, name: str) -> str | None:
    """Why a whole file of this format is not read, and the way out; None if it may be damaged."""
    what = None
    with suppress(Exception):  # it may be damaged after all
        what = {"JPEG": _jpeg, "TIFF": _tiff}[name](content)
    return what and f"{what}, {_WAY_OUT}"


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
    offsets, sizes = _STRIPS if _STRIPS[0] in directory else _TILES
    ends = [at + size for at, size in zip(directory[offsets], directory[sizes], strict=True)]
    if not directory[_WIDTH] or max(ends) > len(content):
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
