"""Frames between a decoding process and its parent: a small JSON head and a body of bytes.

JSON and counted bytes only: a process that a crafted file has taken over can send its parent
wrong pixels, but no code.
"""

import json
import struct
from collections.abc import Mapping
from typing import Any, BinaryIO

_SIZES = struct.Struct("<IQ")
_LONGEST_HEAD = 1 << 20


class BrokenFrame(Exception):
    """The stream ended within a frame, or sent what is none."""


def write_frame(stream: BinaryIO, head: Mapping[str, Any], body: bytes | memoryview = b"") -> None:
    """Put a head and a body on a buffered stream. Raises OSError if nobody reads."""
    text = json.dumps(head).encode("ascii")
    stream.write(_SIZES.pack(len(text), len(body)) + text)
    stream.write(body)


def read_frame(stream: BinaryIO, max_body: int) -> tuple[dict[str, Any], bytearray]:
    """Receive a head and a body.

    Raises EOFError if the stream ends before a frame, BrokenFrame if it ends within one, or if
    the frame is none or its body longer than `max_body` bytes.
    """
    sizes = stream.read(_SIZES.size)
    if not sizes:
        raise EOFError
    if len(sizes) < _SIZES.size:
        raise BrokenFrame
    head_size, body_size = _SIZES.unpack(sizes)
    if head_size > _LONGEST_HEAD or body_size > max_body:
        raise BrokenFrame
    text, body = stream.read(head_size), bytearray(body_size)
    if len(text) < head_size or _fill(stream, body) < body_size:
        raise BrokenFrame
    try:
        head = json.loads(text)
    except (ValueError, RecursionError):
        raise BrokenFrame from None
    if not isinstance(head, dict):
        raise BrokenFrame
    return head, body


def _fill(stream: BinaryIO, body: bytearray) -> int:
    """Read into `body`; how much came before the stream ended."""
    view, got = memoryview(body), 0
    while got < len(body) and (count := stream.readinto(view[got:])):  # type: ignore[attr-defined]
        got += count
    return got
