"""The one preprocessing: identities, an independent resize, and depth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from radistill.imaging import decode, to_square, to_unit
from radistill.imaging.preprocess import bits_in_use


def triangle_resize(grey: np.ndarray, size: int) -> np.ndarray:
    """Antialiased bilinear resize, from its definition."""

    def weights(length: int) -> np.ndarray:
        scale = length / size
        width = max(scale, 1.0)
        centre = (np.arange(size) + 0.5) * scale
        distance = np.abs(np.arange(length) + 0.5 - centre[:, None]) / width
        kernel = np.clip(1 - distance, 0, None)
        return kernel / kernel.sum(1, keepdims=True)

    return weights(grey.shape[0]) @ grey.astype(float) @ weights(grey.shape[1]).T


@pytest.mark.parametrize("shape", [(50, 80), (7, 5), (300, 40)])
def test_resize_agrees_with_its_definition(shape: tuple[int, int]) -> None:
    grey = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    expected = triangle_resize(grey, 32)
    assert np.abs(to_square(grey, 32) - expected).max() <= 1.01


def test_16_bit_resize_is_exact_to_one_level() -> None:
    grey = np.random.default_rng(1).integers(0, 4096, (90, 70), dtype=np.uint16)
    expected = triangle_resize(grey, 32) * 255 / 4095
    assert np.abs(to_square(grey, 32) - expected).max() <= 1.01


def test_a_film_of_the_right_size_is_unchanged_and_copied() -> None:
    grey = np.random.default_rng(2).integers(0, 256, (16, 16), dtype=np.uint8)
    square = to_square(grey, 16)
    assert np.array_equal(square, grey)
    assert square is not grey


@pytest.mark.parametrize("bits", [10, 12, 14, 15, 16])
def test_depth_in_use_fills_the_range(bits: int) -> None:
    """The same film stored with any depth gives the same square."""
    film = np.linspace(0, 1, 64 * 64).reshape(64, 64)
    deep = np.rint(film * (2**bits - 1)).astype(np.uint16)
    plain = np.rint(film * 255).astype(np.uint8)
    assert bits_in_use(deep) == bits
    assert np.abs(to_square(deep, 64).astype(int) - plain).max() <= 1


@pytest.mark.parametrize(
    ("top", "bits"), [(0, 8), (255, 8), (256, 10), (1024, 12), (4096, 14), (16384, 15), (65535, 16)]
)
def test_bits_in_use(top: int, bits: int) -> None:
    assert bits_in_use(np.array([[0, top]], dtype=np.uint16)) == bits


@settings(max_examples=50, deadline=None)
@given(
    arrays(
        st.sampled_from([np.uint8, np.uint16]), st.tuples(st.integers(1, 30), st.integers(1, 30))
    ),
    st.integers(1, 40),
)
def test_any_film_gives_a_square_within_its_range(grey: np.ndarray, size: int) -> None:
    square = to_square(grey, size)
    assert square.shape == (size, size)
    assert square.dtype == np.uint8
    if grey.dtype == np.uint8:
        assert grey.min() <= square.min()
        assert square.max() <= grey.max()


@pytest.mark.parametrize("value", [0, 100, 255])
def test_a_flat_film_stays_flat(value: int) -> None:
    assert (to_square(np.full((90, 33), value, np.uint8), 20) == value).all()


@pytest.mark.parametrize(
    "grey",
    [np.zeros((0, 3), np.uint8), np.zeros((3, 3, 3), np.uint8), np.zeros((3, 3), np.float32)],
)
def test_other_arrays_are_refused(grey: np.ndarray) -> None:
    with pytest.raises(ValueError, match="expected a grey film"):
        to_square(grey, 8)


def test_to_unit() -> None:
    squares = np.array([[[0, 51], [255, 102]]], dtype=np.uint8)
    unit = to_unit(squares)
    assert unit.dtype == np.float32
    assert unit.shape == (1, 1, 2, 2)
    assert np.array_equal(unit[0, 0], np.float32([[0, 0.2], [1, 0.4]]))
    assert np.array_equal(to_unit(squares[0]), unit)
    with pytest.raises(ValueError, match="expected uint8"):
        to_unit(unit)


@pytest.mark.data
def test_a_film_at_two_resolutions_gives_nearly_the_same_square(shared: Path) -> None:
    for film in sorted((shared / "data" / "originals").glob("*.jpeg"))[:6]:
        small = shared / "data" / "chest_xray" / "train" / "NORMAL" / film.name
        one, two = (to_square(decode(path), 128).astype(float) for path in (film, small))
        assert np.abs(one - two).mean() < 2.5
