"""Compressed pixels that differ from what their DICOM header says, or end in an unusual way."""

from __future__ import annotations

import struct
from typing import Any

import jpeg_ls
import numpy as np
import pytest
from pydicom import Dataset
from pydicom.uid import (
    JPEG2000,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
)

from bad_files import compressed, image
from dicoms import dataset, dicom, lut
from jpegs import encode, jpeg_2000
from radistill.imaging import DecodeError, decode

Y, X = np.mgrid[0:40, 0:50]
SMOOTH = (1000 + 40 * Y + 20 * X + (Y * X) % 7).astype(np.uint16)  # 12 bits
DEEP = SMOOTH * 16 + 5  # 16 bits
WINDOW = {"WindowCenter": 30000, "WindowWidth": 60000}


def of_parity(odd: int) -> np.ndarray:
    """Pixels whose JPEG 2000 stream has an odd, or an even, number of bytes."""
    films = (SMOOTH[:, :-width] for width in range(1, 40))
    return next(film for film in films if len(jpeg_2000(film)) % 2 == odd)


@pytest.mark.parametrize("syntax", [JPEG2000, JPEG2000Lossless])
@pytest.mark.parametrize("odd", [0, 1])
def test_a_tile_part_of_open_length_and_a_pad_byte(odd: int, syntax: str) -> None:
    """An odd stream is padded with a zero (PS3.5, A.4), which is no part of the tile."""
    pixels = of_parity(odd)
    assert len(jpeg_2000(pixels, open_end=True)) % 2 == odd
    film = compressed(syntax, jpeg_2000(pixels, open_end=True), pixels)
    assert np.array_equal(decode(film), decode(dicom(pixels)))


@pytest.mark.parametrize("more", [b"", b"\0", b"\0\0\0", b"\xff"])
def test_bytes_behind_the_end(more: bytes) -> None:
    pixels = of_parity(0)
    film = compressed(JPEG2000Lossless, jpeg_2000(pixels, open_end=True) + more, pixels)
    assert np.array_equal(decode(film), decode(dicom(pixels)))


@pytest.mark.parametrize("zeros", [0, 1, 2, 3])
@pytest.mark.parametrize("syntax", [JPEGLSLossless, JPEGLSNearLossless])
def test_zero_bytes_before_the_end_of_jpeg_ls(syntax: str, zeros: int) -> None:
    stream = jpeg_ls.encode(SMOOTH).tobytes()
    assert stream.endswith(b"\xff\xd9")
    film = compressed(syntax, stream[:-2] + bytes(zeros) + stream[-2:], SMOOTH)
    assert np.array_equal(decode(film), decode(dicom(SMOOTH)))


STREAMS = {
    JPEG2000Lossless: jpeg_2000,
    JPEGLSLossless: lambda pixels: jpeg_ls.encode(pixels).tobytes(),
    JPEGLosslessSV1: encode,
}


@pytest.mark.parametrize("syntax", STREAMS)
@pytest.mark.parametrize("stored", [8, 10, 12, 15])
def test_a_stream_deeper_than_bits_stored(stored: int, syntax: str) -> None:
    """Its own depth counts: nothing is cut off."""
    stream = STREAMS[syntax](DEEP)
    said = {"BitsStored": stored, "HighBit": stored - 1}
    for window in ({}, WINDOW):
        film = compressed(syntax, stream, DEEP, **said, **window)
        assert np.array_equal(decode(film), decode(dicom(DEEP, **window)))


@pytest.mark.parametrize("syntax", STREAMS)
def test_a_stream_of_more_bits_than_are_allocated(syntax: str) -> None:
    said = {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7}
    assert np.array_equal(
        decode(compressed(syntax, STREAMS[syntax](DEEP), DEEP, **said)), decode(dicom(DEEP))
    )


@pytest.mark.parametrize("syntax", STREAMS)
@pytest.mark.parametrize(
    "said", [{"BitsStored": 12, "HighBit": 11}, {"BitsStored": 12, "HighBit": 15}]
)
def test_a_deeper_stream_whose_values_fit(said: dict[str, int], syntax: str) -> None:
    """Many encoders write 16 bits for 12: the header is right then."""
    pixels = SMOOTH << (said["HighBit"] - 11)
    film = compressed(syntax, STREAMS[syntax](pixels), pixels, **said, **WINDOW)
    assert np.array_equal(decode(film), decode(dicom(pixels, **said, **WINDOW)))


@pytest.mark.parametrize("syntax", [JPEGLSLossless, JPEGLosslessSV1])
def test_a_sign_spread_over_the_stream(syntax: str) -> None:
    """12 signed bits in a stream of 16, with and without their sign in the upper four."""
    signed = SMOOTH.astype(np.int16) - 2048
    said = {"BitsStored": 12, "HighBit": 11, "PixelRepresentation": 1, "WindowCenter": 0}
    plain = decode(dicom(signed, **said, WindowWidth=4096))
    for bits in (signed.view(np.uint16), signed.view(np.uint16) & 0xFFF):
        film = compressed(syntax, STREAMS[syntax](bits), signed, **said, WindowWidth=4096)
        assert np.array_equal(decode(film), plain)


@pytest.mark.parametrize("representation", [0, 1])
def test_a_signed_jpeg_2000_stream_whatever_the_header_says(representation: int) -> None:
    signed = (DEEP.astype(np.int32) - 32768).astype(np.int16)
    window = {"WindowCenter": 0, "WindowWidth": 60000}
    said = {"PixelRepresentation": representation}
    film = compressed(JPEG2000Lossless, jpeg_2000(DEEP, signed=True), DEEP, **said, **window)
    assert np.array_equal(decode(film), decode(dicom(signed, **window)))


EIGHT = (SMOOTH >> 4).astype(np.uint8)


@pytest.mark.parametrize("stored", [8, 12, 16])
@pytest.mark.parametrize("syntax", [JPEGBaseline8Bit, JPEGExtended12Bit])
def test_a_jpeg_of_8_bits_where_16_are_allocated(syntax: str, stored: int) -> None:
    jpeg = image("JPEG", EIGHT, quality=95)
    said = {"BitsAllocated": 16, "BitsStored": stored, "HighBit": stored - 1}
    assert np.array_equal(decode(compressed(syntax, jpeg, EIGHT, **said)), decode(jpeg))


def test_the_stream_says_how_it_is_coded() -> None:
    """Some archives keep a file's transfer syntax when they compress it in another way."""
    for wrong, right in zip(STREAMS, [*STREAMS][1:], strict=False):
        assert np.array_equal(
            decode(compressed(wrong, STREAMS[right](DEEP), DEEP)), decode(dicom(DEEP))
        )


def refusal(film: bytes) -> DecodeError:
    with pytest.raises(DecodeError) as caught:
        decode(film)
    return caught.value


@pytest.mark.parametrize("syntax", [JPEGBaseline8Bit, JPEG2000Lossless, JPEGLSLossless])
def test_colour_under_a_grey_header_is_said(syntax: str) -> None:
    colour = np.dstack([EIGHT, EIGHT[::-1], EIGHT])
    stream = {
        JPEGBaseline8Bit: lambda: image("JPEG", colour),
        JPEG2000Lossless: lambda: image("JPEG2000", colour, no_jp2=True),
        JPEGLSLossless: lambda: bytes(jpeg_ls.encode_array(colour, interleave_mode=0)),
    }[syntax]()
    error = refusal(compressed(syntax, stream, EIGHT))
    assert error.code == "colour"
    assert "compressed pixels are in colour" in error.reason


def test_a_jpeg_of_12_bits_is_said_whatever_the_header_says() -> None:
    stream = bytearray(image("JPEG", EIGHT))
    stream[stream.index(b"\xff\xc0") + 1] = 0xC1
    stream[stream.index(b"\xff\xc1") + 4] = 12
    for syntax in (JPEGBaseline8Bit, JPEGExtended12Bit):
        error = refusal(compressed(syntax, bytes(stream), EIGHT))
        assert (error.code, error.reason) == (
            "unsupported",
            "JPEG of 12 bits; convert it with dcmdjpeg",
        )


@pytest.mark.parametrize("name", ["Monochrome2", "monochrome1", "MONOCHROME2 "])
@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2.5", JPEG2000Lossless])
def test_the_case_of_photometric_interpretation(syntax: str, name: str) -> None:
    film = dicom(EIGHT, syntax, PhotometricInterpretation=name)
    wanted = dicom(EIGHT, PhotometricInterpretation=name.strip().upper())
    assert np.array_equal(decode(film), decode(wanted))


def valueless() -> Dataset:
    item = Dataset()
    item.add_new("LUTDescriptor", "US", None)
    item.add_new("LUTData", "OW", b"")
    return item


EMPTY = [dataset(), dataset(LUTExplanation="none"), valueless()]


@pytest.mark.parametrize("keyword", ["VOILUTSequence", "ModalityLUTSequence"])
@pytest.mark.parametrize("empty", EMPTY, ids=["nothing", "explanation", "no values"])
def test_empty_items_of_look_up_tables(empty: Any, keyword: str) -> None:
    """They hold no table: the next one counts, or none."""
    window = {"WindowCenter": 2000, "WindowWidth": 3000}
    plain = decode(dicom(SMOOTH, **window))
    assert np.array_equal(decode(dicom(SMOOTH, **{keyword: [empty]}, **window)), plain)
    assert np.array_equal(decode(dicom(SMOOTH, **{keyword: [empty, empty]}, **window)), plain)
    table = lut(1000, 12, np.arange(4096)[::-1])
    one = decode(dicom(SMOOTH, **{keyword: [table]}, **window))
    assert not np.array_equal(one, plain)
    assert np.array_equal(decode(dicom(SMOOTH, **{keyword: [empty, table]}, **window)), one)


def test_a_stream_that_has_no_header() -> None:
    assert (
        refusal(compressed(JPEGBaseline8Bit, struct.pack(">HH", 0xFFD8, 0xFFD9), EIGHT)).code
        == "unreadable"
    )
