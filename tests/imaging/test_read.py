"""The decoder against arrays it must give back, and against files it must refuse."""

from __future__ import annotations

import os
import struct
import zlib
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from radistill.imaging import DecodeError, decode
from radistill.imaging.limits import MAX_PIXELS

GREY = np.arange(24 * 40, dtype=np.uint32).reshape(24, 40)
GREY8 = (GREY % 251).astype(np.uint8)
GREY16 = (GREY * 67).astype(np.uint16)


def encoded(pixels: np.ndarray | Image.Image, kind: str, **options: Any) -> bytes:
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    content = BytesIO()
    image.save(content, kind, **options)
    return content.getvalue()


def smooth() -> np.ndarray:
    y, x = np.mgrid[0:64, 0:48]
    return (40 + 2 * y + x).astype(np.uint8)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP"])
def test_lossless_8_bit_grey_is_exact(kind: str) -> None:
    assert np.array_equal(decode(encoded(GREY8, kind)), GREY8)


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"])
def test_tiff_compressions(compression: str) -> None:
    assert np.array_equal(decode(encoded(GREY8, "TIFF", compression=compression)), GREY8)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bit_grey_keeps_its_depth(kind: str) -> None:
    grey = decode(encoded(GREY16, kind))
    assert grey.dtype == np.uint16
    assert np.array_equal(grey, GREY16)


def test_big_endian_16_bit_tiff() -> None:
    image = Image.frombytes("I;16B", (40, 24), GREY16.astype(">u2").tobytes())
    grey = decode(encoded(image, "TIFF"))
    assert grey.dtype == np.dtype("=u2")
    assert np.array_equal(grey, GREY16)


@pytest.mark.parametrize("pixels", [GREY8, GREY16], ids=["8 bit", "16 bit"])
def test_white_is_zero_is_inverted(pixels: np.ndarray) -> None:
    top = np.iinfo(pixels.dtype).max
    plain = bytearray(encoded(top - pixels, "TIFF"))
    photometric = struct.pack("<HHI", 262, 3, 1)  # tag, type SHORT, one value
    at = plain.index(photometric) + len(photometric)
    plain[at : at + 2] = b"\0\0"
    assert np.array_equal(decode(bytes(plain)), pixels)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP"])
def test_equal_channels_come_out_unchanged(kind: str) -> None:
    assert np.array_equal(decode(encoded(np.stack([GREY8] * 3, 2), kind)), GREY8)


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_lossy_kinds_come_close(kind: str, mode: str) -> None:
    film = smooth()
    grey = decode(encoded(Image.fromarray(film).convert(mode), kind, quality=95))
    assert grey.shape == film.shape
    assert np.abs(grey.astype(int) - film).max() <= 4


def test_colour_goes_to_luma() -> None:
    colours = Image.new("RGB", (1, 1), (255, 0, 0))
    assert decode(encoded(colours, "PNG"))[0, 0] == round(0.299 * 255)
    jpeg = decode(encoded(Image.new("RGB", (16, 16), (0, 255, 0)), "JPEG", quality=100))
    assert np.abs(jpeg.astype(int) - round(0.587 * 255)).max() <= 2


def test_jpeg_stored_as_rgb_is_not_taken_for_luma() -> None:
    green = Image.new("RGB", (16, 16), (0, 255, 0))
    grey = decode(encoded(green, "JPEG", quality=100, keep_rgb=True))
    assert np.abs(grey.astype(int) - round(0.587 * 255)).max() <= 2


def test_cmyk_jpeg() -> None:
    film = smooth()
    grey = decode(encoded(Image.fromarray(film).convert("RGB").convert("CMYK"), "JPEG", quality=95))
    assert np.abs(grey.astype(int) - film).max() <= 5


def test_palette_is_looked_up() -> None:
    image = Image.fromarray(np.array([[0, 1, 2]], np.uint8)).convert("P")
    image.putpalette([200, 200, 200, 10, 10, 10, 90, 90, 90])
    assert decode(encoded(image, "PNG")).tolist() == [[200, 10, 90]]


def test_one_bit_is_black_and_white() -> None:
    bits = np.array([[True, False, True]])
    for kind in ("PNG", "TIFF", "BMP"):
        assert decode(encoded(Image.fromarray(bits), kind)).tolist() == [[255, 0, 255]]


def test_opaque_alpha_changes_nothing_and_transparency_is_black() -> None:
    rgba = np.dstack([GREY8] * 3 + [np.full_like(GREY8, 255)])
    assert np.array_equal(decode(encoded(rgba, "PNG")), GREY8)
    rgba[..., 3] = 0
    assert not decode(encoded(rgba, "PNG")).any()
    grey_alpha = Image.merge("LA", [Image.fromarray(GREY8)] * 2)
    assert decode(encoded(grey_alpha, "PNG")).shape == GREY8.shape


def test_transparent_palette() -> None:
    image = Image.fromarray(np.array([[0, 1]], np.uint8)).convert("P")
    image.putpalette([200, 200, 200, 60, 60, 60])
    assert decode(encoded(image, "PNG", transparency=0)).tolist() == [[0, 60]]


ORIENTED = {
    1: lambda a: a,
    2: np.fliplr,
    3: lambda a: np.rot90(a, 2),
    4: np.flipud,
    5: lambda a: a.T,
    6: lambda a: np.rot90(a, 1),
    7: lambda a: np.rot90(a.T, 2),
    8: lambda a: np.rot90(a, -1),
}


@pytest.mark.parametrize("orientation", ORIENTED)
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize("pixels", [GREY8, GREY16], ids=["8 bit", "16 bit"])
def test_exif_orientation(pixels: np.ndarray, kind: str, orientation: int) -> None:
    """Stored turned, with the tag that says how: EXIF 2.3, table of tag 0x0112."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = np.ascontiguousarray(ORIENTED[orientation](pixels))
    assert np.array_equal(decode(encoded(stored, kind, exif=exif)), pixels)


def test_damaged_exif_is_ignored() -> None:
    content = encoded(GREY8, "PNG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    assert np.array_equal(decode(content), GREY8)


def test_extension_does_not_matter(tmp_path: Path) -> None:
    film = tmp_path / "film.jpeg"
    film.write_bytes(encoded(GREY8, "PNG"))
    assert np.array_equal(decode(film), GREY8)


def test_first_of_several_pages() -> None:
    pages = [Image.fromarray(GREY8), Image.fromarray(GREY8 // 2)]
    content = BytesIO()
    pages[0].save(content, "TIFF", save_all=True, append_images=pages[1:])
    assert np.array_equal(decode(content.getvalue()), GREY8)


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to nothing."""

    def chunk(name: bytes, data: bytes) -> bytes:
        total = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + total

    size = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def code_of(content: bytes | Path) -> str:
    with pytest.raises(DecodeError) as caught:
        decode(content)
    return caught.value.code


@pytest.mark.parametrize("side", [8_001, 12_000, 60_000])
def test_bombs_are_refused_before_any_pixel(side: int) -> None:
    assert side * side > MAX_PIXELS
    assert code_of(png_header(side, side)) == "too-large"


def test_codes_of_refusal(tmp_path: Path) -> None:
    assert code_of(b"") == "empty"
    assert code_of(b"%PDF-1.7 and so on") == "not-an-image"
    assert code_of(b"\xff\xd8\xff") in ("unreadable", "truncated")
    assert code_of(b"BM" + bytes(80)) == "unreadable"
    assert code_of(tmp_path) == "not-a-file"
    assert code_of(tmp_path / "nothing.png") == "missing"
    floats = Image.fromarray(np.ones((4, 4), np.float32))
    assert code_of(encoded(floats, "TIFF")) == "unsupported"
    deep = Image.fromarray(np.full((4, 4), 70_000, np.int32))
    assert code_of(encoded(deep, "TIFF")) == "unsupported"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "BMP", "WEBP"])
def test_half_a_file_is_refused(kind: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)
    whole = encoded(noise, kind)
    assert code_of(whole[: len(whole) // 2]) in ("truncated", "unreadable")


def test_truncated_jpeg_is_told_as_such() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)
    assert code_of(encoded(noise, "JPEG")[:1500]) == "truncated"


def test_message_names_the_file_and_the_way_out(tmp_path: Path) -> None:
    film = tmp_path / "empty.jpeg"
    film.touch()
    with pytest.raises(DecodeError, match=r"empty\.jpeg: the file is empty; copy it again"):
        decode(film)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "film.png")
    assert code_of(tmp_path / "film.png") == "not-a-file"


@settings(max_examples=150, deadline=None)
@given(
    kind=st.sampled_from(["JPEG", "PNG", "TIFF", "BMP", "WEBP"]),
    at=st.integers(0, 2000),
    junk=st.binary(min_size=1, max_size=12),
)
def test_damage_gives_pixels_or_decode_error(kind: str, at: int, junk: bytes) -> None:
    """Whatever the damage, nothing but a grey array or a DecodeError comes out."""
    content = bytearray(encoded(GREY8, kind))
    at %= len(content)
    content[at : at + len(junk)] = junk
    with suppress(DecodeError):
        grey = decode(bytes(content))
        assert grey.ndim == 2
        assert grey.dtype in (np.uint8, np.uint16)


@pytest.mark.data
def test_real_originals_decode(shared: Path) -> None:
    films = sorted((shared / "data" / "originals").glob("*.jpeg"))
    assert len(films) > 20
    for film in films[:5]:
        grey = decode(film)
        with Image.open(film) as image:
            assert grey.shape == image.size[::-1]
            assert np.abs(grey.astype(int) - np.asarray(image.convert("L"))).max() <= 1
