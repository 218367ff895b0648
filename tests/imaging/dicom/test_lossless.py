"""The lossless JPEG decoder against an encoder written from the standard, and against damage."""

from __future__ import annotations

import struct
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.encaps import get_frame

from dicoms import shipped_path
from radistill.imaging import DecodeError
from radistill.imaging.dicom.lossless import decode_lossless


def encode(
    samples: np.ndarray, *, precision: int = 16, predictor: int = 1, restart_rows: int = 0
) -> bytes:
    """ISO 10918-1, annex H, sample by sample, with a code of five bits for each of 17 sizes."""
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


@pytest.mark.parametrize("predictor", range(1, 8))
@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 1000),
    shape=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    precision=st.sampled_from([8, 10, 12, 16]),
    restart_rows=st.integers(0, 3),
)
def test_whatever_is_encoded_comes_back(
    predictor: int, seed: int, shape: tuple[int, int], precision: int, restart_rows: int
) -> None:
    samples = np.random.default_rng(seed).integers(0, 2**precision, shape, dtype=np.uint16)
    stream = encode(samples, precision=precision, predictor=predictor, restart_rows=restart_rows)
    assert np.array_equal(decode_lossless(stream), samples)


def test_the_widest_difference_has_no_bits_of_its_own() -> None:
    samples = np.array([[0, 32768, 0, 65535, 32767]], np.uint16)
    assert np.array_equal(decode_lossless(encode(samples)), samples)


def test_streams_longer_than_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("radistill.imaging.dicom.lossless._BLOCK", 16)
    samples = np.random.default_rng(0).integers(0, 65536, (20, 30), dtype=np.uint16)
    assert np.array_equal(decode_lossless(encode(samples)), samples)


SMALL = encode(np.arange(600, dtype=np.uint16).reshape(20, 30) * 99)
REAL = get_frame(dcmread(shipped_path("JPEG-LL.dcm")).PixelData, 0, number_of_frames=1)


@pytest.mark.parametrize("length", [0, 2, 3, 20, 40, 60, 100, len(SMALL) // 2, len(SMALL) - 10])
def test_half_a_stream_is_refused(length: int) -> None:
    with pytest.raises((DecodeError, IndexError, struct.error)):
        decode_lossless(SMALL[:length])


@settings(max_examples=300, deadline=None)
@given(
    stream=st.sampled_from([SMALL, REAL[:3000]]),
    at=st.integers(0, 400),
    junk=st.binary(min_size=1, max_size=6),
)
def test_damage_gives_samples_or_an_error(stream: bytes, at: int, junk: bytes) -> None:
    with suppress(DecodeError, IndexError, struct.error):
        damaged = stream[:at] + junk + stream[at + len(junk) :]
        assert decode_lossless(damaged).dtype == np.uint16
