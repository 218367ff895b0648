"""Films of 9 to 15 bits in 16, whichever way they are stored, against the plain one."""

from __future__ import annotations

import numpy as np
import pytest

from bad_files import chunk
from deep_pictures import any_tiff, deep_png
from radistill.imaging import DecodeError, Limits, decode, read_picture, to_eight_bits, to_square
from radistill.imaging.preprocess import bits_in_use
from radistill.imaging.sandbox.intake import Decoded, Intake, Upload

Y, X = np.mgrid[0:80, 0:70]
SHAPE = (np.sin(Y / 11) + np.cos(X / 9) + 2) / 4  # 0 to 1
DEPTHS = [10, 12, 14, 15, 16]


def film(bits: int) -> np.ndarray:
    grey: np.ndarray = np.rint(SHAPE * (2**bits - 1)).astype(np.uint16)
    grey[0, 0], grey[-1, -1] = 0, 2**bits - 1
    return grey


def shown(content: bytes) -> np.ndarray:
    """As a model sees it."""
    return np.array(read_picture(content, Limits()).eight_bits())


def plain(bits: int) -> np.ndarray:
    return shown(deep_png(film(bits)))


@pytest.mark.parametrize("bits", DEPTHS)
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("compression", [1, 8])
def test_plain_films_keep_their_pixels(bits: int, order: str, compression: int) -> None:
    for content in (deep_png(film(bits)), any_tiff(film(bits), order, compression=compression)):
        grey = decode(content)
        assert grey.dtype == np.uint16
        assert np.array_equal(grey, film(bits))
        assert np.array_equal(shown(content), plain(bits))


@pytest.mark.parametrize("bits", DEPTHS)
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("compression", [1, 8])
def test_white_is_zero_is_the_negative(bits: int, order: str, compression: int) -> None:
    content = any_tiff(film(bits), order, photometric=0, compression=compression)
    assert np.abs(shown(content).astype(int) - (255 - plain(bits))).max() == 0
    back = any_tiff(2**bits - 1 - film(bits), photometric=0)
    assert np.array_equal(shown(back), plain(bits))


def test_a_negative_keeps_the_depth_of_its_film() -> None:
    """Bright throughout, so that the negative would fit into ten bits."""
    bright = 4095 - film(10) // 2
    content = any_tiff(bright, photometric=0)
    assert np.array_equal(shown(content), 255 - shown(deep_png(bright)))


@pytest.mark.parametrize("bits", DEPTHS)
@pytest.mark.parametrize("kind", ["RGB", "RGBA", "LA"])
def test_colour_and_alpha_png_are_the_grey_film(bits: int, kind: str) -> None:
    grey, opaque = film(bits), np.full_like(film(bits), 65535)
    for alpha in (opaque, opaque >> (16 - bits)):
        samples = {
            "RGB": [grey] * 3,
            "RGBA": [grey, grey, grey, alpha],
            "LA": [grey, alpha],
        }[kind]
        near = np.abs(shown(deep_png(np.dstack(samples))).astype(int) - plain(bits)).max()
        assert near <= (bits == 16)  # of 16 bits the upper eight are taken


@pytest.mark.parametrize("bits", DEPTHS)
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("compression", [1, 8])
@pytest.mark.parametrize("extra", [None, 0, 1, 2], ids=["RGB", "other", "associated", "alpha"])
def test_colour_and_alpha_tiff_are_the_grey_film(
    bits: int, order: str, compression: int, extra: int | None
) -> None:
    grey = film(bits)
    if extra is None:
        content = any_tiff(np.dstack([grey] * 3), order, compression=compression)
    else:
        opaque = np.full_like(grey, 65535)
        pixels = np.dstack([grey, grey, grey, opaque])
        content = any_tiff(pixels, order, compression=compression, extra=extra)
    assert np.abs(shown(content).astype(int) - plain(bits)).max() <= (bits == 16)


def test_colours_of_12_bits_go_to_luma() -> None:
    red = np.zeros((8, 8, 3), np.uint16)
    red[..., 0] = 4095
    assert (shown(deep_png(red)) == round(0.299 * 255)).all()
    assert (shown(any_tiff(red)) == round(0.299 * 255)).all()


def test_transparency_of_12_bits_is_black() -> None:
    grey = film(12)
    hidden = np.where(X < 20, 0, 4095).astype(np.uint16)
    got = shown(deep_png(np.dstack([grey, grey, grey, hidden])))
    assert not got[:, :20].any()
    assert np.array_equal(got[:, 20:], plain(12)[:, 20:])


def test_a_deep_colour_film_is_turned_upright() -> None:
    stored = np.rot90(film(12), 1)
    content = any_tiff(np.dstack([stored] * 3), orientation=6)
    assert np.array_equal(shown(content), plain(12))


@pytest.mark.parametrize("hot", [[65535], [40000, 65535, 65535]])
@pytest.mark.parametrize("bits", [8, 10, 12, 14, 15])
def test_hot_pixels_do_not_blacken_a_film(bits: int, hot: list[int]) -> None:
    if min(hot) < 2 ** (bits + 1) - 2:
        pytest.skip("not far enough above the film")
    grey = film(bits)
    grey[40, 30 : 30 + len(hot)] = hot
    assert bits_in_use(grey) == bits
    for content in (deep_png(grey), any_tiff(grey), deep_png(np.dstack([grey] * 3))):
        got, wanted = shown(content), plain(bits)
        got[40, 30 : 30 + len(hot)] = wanted[40, 30 : 30 + len(hot)]
        assert np.array_equal(got, wanted)
    inverted = shown(any_tiff(grey, photometric=0))
    assert not inverted[40, 30 : 30 + len(hot)].any()


def test_a_marker_is_no_hot_pixel() -> None:
    """Letters of lead are the brightest pixels of a film, and count."""
    grey = (film(10) // 2).repeat(3, 0).repeat(3, 1)
    grey[0, :] = 4095
    assert (grey == 4095).sum() > 100
    assert bits_in_use(grey) == 12


def test_declared_depth_counts_over_what_is_used() -> None:
    """A film of 12 bits whose brightest pixel has 10."""
    dark = film(10)
    wanted = to_eight_bits(dark, 12)
    assert wanted.max() < 70
    assert np.array_equal(shown(any_tiff(dark, max_sample=4095)), wanted)
    # What is declared without need, or wrongly, does not count.
    for nonsense in (65535, 255, 0):
        assert np.array_equal(shown(any_tiff(film(12), max_sample=nonsense)), plain(12))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("photometric", [0, 1])
def test_twelve_bits_without_gaps(order: str, photometric: int) -> None:
    dark = film(10)
    packed = np.zeros((80, 105), np.uint8)
    first, second = dark[:, ::2], dark[:, 1::2]
    packed[:, ::3], packed[:, 1::3] = first >> 4, (first & 15) << 4 | second >> 8
    packed[:, 2::3] = second & 255
    wanted = to_eight_bits(dark, 12)
    got = shown(any_tiff(packed, order, bits=12, width=70, photometric=photometric))
    assert np.array_equal(got, wanted if photometric else 255 - wanted)


def test_transparent_colour_of_16_bits_is_no_obstacle() -> None:
    clear = chunk(b"tRNS", np.array([0, 0, 0], ">u2").tobytes())
    assert shown(deep_png(np.dstack([film(12)] * 3), clear)).shape == SHAPE.shape


def test_signed_pixels_below_zero_are_refused() -> None:
    for kind in (np.int8, np.int16):
        positive = (film(10) >> 4).astype(kind)
        assert np.array_equal(shown(any_tiff(positive)), film(10) >> 4)
        with pytest.raises(DecodeError, match="below zero") as caught:
            decode(any_tiff(positive - 5))
        assert caught.value.code == "unsupported"


def test_training_and_prediction_prepare_a_film_in_one_way() -> None:
    rng = np.random.default_rng(0)
    for bits in DEPTHS:
        grey = rng.integers(0, 2**bits, (90, 70)).astype(np.uint16)
        content = deep_png(grey)
        with Intake() as intake:
            (result,) = intake.decode([Upload("film", content)], square=32)
        assert isinstance(result, Decoded)
        assert np.array_equal(to_square(decode(content), 32), result.pixels)
