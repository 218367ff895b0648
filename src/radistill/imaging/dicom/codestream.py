"""The size that a compressed image declares, before any of it is decoded."""

import struct

_J2K = b"\xff\x4f\xff\x51"  # start of codestream, then its size
# Start-of-frame markers of JPEG (ISO 10918-1, B.1.1.3) and of JPEG-LS (ISO 14495-1).
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC} | {0xF7}
_BARE = frozenset(range(0xD0, 0xD9)) | {0x01}  # markers without a length


def declared_size(stream: bytes) -> tuple[int, int] | None:
    """(width, height) of a JPEG, JPEG-LS or JPEG 2000 stream of one component, None if it has no
    such header."""
    try:
        if stream[:2] == b"\xff\xd8":
            return _jpeg(stream)
        start = stream.find(_J2K)
        return _jpeg_2000(stream, start) if start >= 0 else None
    except (struct.error, IndexError):
        return None


def _jpeg(stream: bytes) -> tuple[int, int] | None:
    at = 2
    while stream[at] == 0xFF:
        marker = stream[at + 1]
        if marker == 0xFF:  # fill
            at += 1
        elif marker in _BARE:
            at += 2
        elif marker in _FRAMES:
            height, width, components = struct.unpack_from(">HHB", stream, at + 5)
            return (width, height) if components == 1 else None
        else:
            at += 2 + struct.unpack_from(">H", stream, at + 2)[0]
    return None


def _jpeg_2000(stream: bytes, start: int) -> tuple[int, int] | None:
    """ISO 15444-1, A.5.1: the image is the reference grid less its offset."""
    right, bottom, left, top = struct.unpack_from(">4I", stream, start + 8)
    components = struct.unpack_from(">H", stream, start + 40)[0]
    return (right - left, bottom - top) if components == 1 else None
