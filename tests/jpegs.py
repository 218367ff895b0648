"""Compressed streams that no library writes."""

from __future__ import annotations

import struct

import numpy as np

from bad_files import image


def encode(
    samples: np.ndarray, *, precision: int = 16, predictor: int = 1, restart_rows: int = 0
) -> bytes:
    """Lossless JPEG (ISO 10918-1, annex H), sample by sample; each of 17 sizes has five bits."""
    rows, columns = samples.shape
    values = samples.astype(int).tolist()
    table = bytes([0, 0, 0, 0, 0, 17]) + bytes(11) + bytes(range(17))
    head = b"\xff\xd8" + segment(0xC4, table)
    head += segment(0xC3, struct.pack(">BHHB", precision, rows, columns, 1) + b"\1\x11\0")
    if restart_rows:
        head += segment(0xDD, struct.pack(">H", restart_rows * columns))
    head += segment(0xDA, bytes([1, 1, 0, predictor, 0, 0]))
    parts, bits = [], ""
    for r in range(rows):
        fresh = r % restart_rows == 0 if restart_rows else r == 0
        if fresh and bits:
            parts.append(stuffed(bits))
            bits = ""
        for c in range(columns):
            a = values[r][c - 1] if c else 0
            b, corner = (values[r - 1][c], values[r - 1][c - 1]) if r else (0, 0)
            if fresh:
                guess = a if c else 1 << (precision - 1)
            elif c == 0:
                guess = b
            else:
                guess = [
                    a,
                    b,
                    corner,
                    a + b - corner,
                    a + ((b - corner) >> 1),
                    b + ((a - corner) >> 1),
                    (a + b) >> 1,
                ][predictor - 1]
            bits += coded((values[r][c] - guess) & 0xFFFF)
    parts.append(stuffed(bits))
    body = parts[0]
    for number, part in enumerate(parts[1:]):
        body += bytes([0xFF, 0xD0 + number % 8]) + part
    return head + body + b"\xff\xd9"


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def coded(difference: int) -> str:
    if difference == 32768:
        return f"{16:05b}"
    signed = difference - 65536 if difference > 32768 else difference
    size = abs(signed).bit_length()
    low = signed if signed >= 0 else signed + (1 << size) - 1
    return f"{size:05b}" + (f"{low:0{size}b}" if size else "")


def stuffed(bits: str) -> bytes:
    bits += "1" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")


def jpeg_2000(pixels: np.ndarray, *, open_end: bool = False, signed: bool = False) -> bytes:
    """A codestream; with an open end its only tile-part has length 0 (ISO 15444-1, A.4.2).

    signed: Ssiz says so (A.5.1), the same samples are then less by half the range.
    """
    stream = bytearray(image("JPEG2000", pixels, no_jp2=True))
    if open_end:
        at = stream.index(b"\xff\x90\x00\x0a") + 6
        stream[at : at + 4] = bytes(4)
    stream[42] |= 0x80 * signed
    return bytes(stream)
