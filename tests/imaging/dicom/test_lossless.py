"""The lossless JPEG decoder against an encoder written from the standard, and against damage."""

from __future__ import annotations

import struct
import sys
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.encaps import get_frame

from dicoms import shipped_path
from jpegs import encode
from radistill.imaging import DecodeError
from radistill.imaging.dicom import streams
from radistill.imaging.dicom.lossless import decode_lossless


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


@pytest.mark.parametrize("decoder", ["imagecodecs", "ours"])
@pytest.mark.parametrize("predictor", range(1, 8))
@pytest.mark.parametrize("precision", [8, 12, 16])
def test_both_decoders_agree(
    predictor: int, precision: int, decoder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which of them a film meets depends on whether the extra `dicom` is installed."""
    calls = []
    if decoder == "ours":
        monkeypatch.setitem(sys.modules, "imagecodecs", None)
    else:
        pytest.importorskip("imagecodecs")
    monkeypatch.setattr(streams, "decode_lossless", lambda f: calls.append(f) or decode_lossless(f))
    samples = np.random.default_rng(0).integers(0, 2**precision, (40, 50), dtype=np.uint16)
    for restart_rows in (0, 3):
        stream = encode(
            samples, precision=precision, predictor=predictor, restart_rows=restart_rows
        )
        got, header = streams.decode_stream(stream, 40, 50)
        assert np.array_equal(got, samples)
        assert (header.bits, header.coding) == (precision, "lossless JPEG")
    assert bool(calls) == (decoder == "ours")


@pytest.mark.parametrize("decoder", ["imagecodecs", "ours"])
def test_a_cut_stream_is_truncated(decoder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """libjpeg-turbo would fill it up with grey."""
    if decoder == "ours":
        monkeypatch.setitem(sys.modules, "imagecodecs", None)
    with pytest.raises(DecodeError) as caught:
        streams.decode_stream(SMALL[: len(SMALL) // 2], 20, 30)
    assert caught.value.code == "truncated"


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
