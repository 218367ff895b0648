"""What a compressed image says of itself, before any of it is decoded."""

import struct
from dataclasses import dataclass

_J2K = b"\xff\x4f\xff\x51"  # start of codestream, then its size
# Start-of-frame markers of JPEG (ISO 10918-1, B.1.1.3) and of JPEG-LS (ISO 14495-1).
_FRAMES = {
    **dict.fromkeys((0xC0, 0xC1, 0xC2), "JPEG"),
    0xC3: "lossless JPEG",
    **dict.fromkeys((0xC5, 0xC6, 0xC7, 0xCD, 0xCE, 0xCF), "hierarchical JPEG"),
    **dict.fromkeys((0xC9, 0xCA, 0xCB), "JPEG with arithmetic coding"),
    0xF7: "JPEG-LS",
}
_BARE = frozenset(range(0xD0, 0xD9)) | {0x01}  # markers without a length


@dataclass(frozen=True)
class StreamHeader:
    """coding: a name of `_FRAMES`, or "JPEG 2000". bits: of a sample; signed: of JPEG 2000."""

    coding: str
    width: int
    height: int
    components: int
    bits: int
    signed: bool = False


def read_header(stream: bytes) -> StreamHeader | None:
    """The header of a JPEG, JPEG-LS or JPEG 2000 stream, None if it has none."""
    try:
        if stream[:2] == b"\xff\xd8":
            return _jpeg(stream)
        start = stream.find(_J2K)
        return _jpeg_2000(stream, start) if start >= 0 else None
    except (struct.error, IndexError):
        return None


def _jpeg(stream: bytes) -> StreamHeader | None:
    at = 2
    while stream[at] == 0xFF:
        marker = stream[at + 1]
        if marker == 0xFF:  # fill
            at += 1
        elif marker in _BARE:
            at += 2
        elif marker in _FRAMES:
            bits, height, width, components = struct.unpack_from(">BHHB", stream, at + 4)
            return StreamHeader(_FRAMES[marker], width, height, components, bits)
        else:
            at += 2 + struct.unpack_from(">H", stream, at + 2)[0]
    return None


def _jpeg_2000(stream: bytes, start: int) -> StreamHeader:
    """ISO 15444-1, A.5.1: the image is the reference grid less its offset."""
    right, bottom, left, top = struct.unpack_from(">4I", stream, start + 8)
    components, depth = struct.unpack_from(">HB", stream, start + 40)
    size = right - left, bottom - top
    return StreamHeader("JPEG 2000", *size, components, (depth & 0x7F) + 1, depth >= 0x80)
