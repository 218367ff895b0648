"""PNG and TIFF of kinds that Pillow reads but does not write, for tests of any folder."""

from __future__ import annotations

import struct
import zlib

import numpy as np

from bad_files import chunk

_PNG_COLOUR = {1: 0, 2: 4, 3: 2, 4: 6}  # samples a pixel -> colour type


def deep_png(samples: np.ndarray, *more: bytes) -> bytes:
    """16 bits: (H, W) or (H, W, 1 to 4), where two are grey and alpha. more: other chunks."""
    height, width, count = np.atleast_3d(samples).shape
    rows = samples.reshape(height, -1).astype(">u2").view(np.uint8)
    up = np.diff(rows, axis=0, prepend=np.zeros_like(rows[:1]))  # filter 2
    filtered = np.hstack([np.full((height, 1), 2, np.uint8), up]).tobytes()
    header = struct.pack(">IIBBBBB", width, height, 16, _PNG_COLOUR[count], 0, 0, 0)
    parts = [chunk(b"IHDR", header), *more, chunk(b"IDAT", zlib.compress(filtered))]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + chunk(b"IEND", b"")


def any_tiff(samples: np.ndarray, order: str = "<", **tags: int) -> bytes:
    """One strip of (H, W) or (H, W, 3 or 4) of any integers.

    tags: photometric, compression (1 or 8), bits, sample_format, extra (of a fourth sample),
    max_sample, orientation, fill_order, width; by default what describes the samples.
    """
    height, columns, count = np.atleast_3d(samples).shape
    width = tags.get("width", columns)
    values = {"photometric": 1 if count == 1 else 2, "compression": 1, **tags}
    bits = values.get("bits", 8 * samples.itemsize)
    strip = samples.astype(samples.dtype.newbyteorder(order)).tobytes()
    if values["compression"] == 8:
        strip = zlib.compress(strip)
    entries = {256: width, 257: height, 258: [bits] * count, 259: values["compression"]}
    entries |= {262: values["photometric"], 273: 8, 277: count, 278: height, 279: len(strip)}
    signed = 2 if samples.dtype.kind == "i" else 1
    entries[339] = [values.get("sample_format", signed)] * count
    names = {"extra": 338, "max_sample": 281, "orientation": 274, "fill_order": 266}
    entries |= {tag: values[name] for name, tag in names.items() if name in values}
    strip += bytes(len(strip) % 2)
    directory, far = struct.pack(f"{order}H", len(entries)), b""
    far_at = 8 + len(strip) + 2 + 12 * len(entries) + 4
    for tag, value in sorted(entries.items()):
        many = value if isinstance(value, list) else [value]
        kind, form = (4, "I") if tag in (273, 279) else (3, "H")
        packed = struct.pack(f"{order}{len(many)}{form}", *many)
        if len(packed) > 4:
            packed, far = struct.pack(f"{order}I", far_at + len(far)), far + packed
        directory += struct.pack(f"{order}HHI", tag, kind, len(many)) + packed.ljust(4, b"\0")
    magic = b"II*\0" if order == "<" else b"MM\0*"
    head = magic + struct.pack(f"{order}I", 8 + len(strip))
    return head + strip + directory + bytes(4) + far
