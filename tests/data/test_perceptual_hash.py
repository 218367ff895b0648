"""Perceptual hashes: the same film again is near, another film is not."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from radistill.data.perceptual_hash import BITS, NEAR_BITS, near_pairs, perceptual_hash
from radistill.imaging import decode


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 2**BITS - 1), max_size=12), st.integers(90, 140))
def test_near_pairs_against_plain_counting(values: list[int], most: int) -> None:
    looks = [f"{value:0{BITS // 4}x}" for value in values]
    expected = {
        (i, j, (a ^ b).bit_count())
        for i, a in enumerate(values)
        for j, b in enumerate(values)
        if i < j and (a ^ b).bit_count() <= most
    }
    found = near_pairs(looks, most)
    assert set(found) == expected
    assert [bits for _, _, bits in found] == sorted(bits for _, _, bits in found)


def test_pairs_across_blocks_of_rows() -> None:
    rng = np.random.default_rng(0)
    values = [rng.bytes(BITS // 8) for _ in range(600)]
    values[599] = values[0]
    values[300] = values[299]
    found = near_pairs([value.hex() for value in values], 0)
    assert found == [(0, 599, 0), (299, 300, 0)]


def film(seed: int) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(0, 256, (12, 12), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((200, 240), Image.Resampling.BICUBIC))


def bits(one: np.ndarray, two: np.ndarray) -> int:
    return (int(perceptual_hash(one), 16) ^ int(perceptual_hash(two), 16)).bit_count()


def again(grey: np.ndarray) -> list[np.ndarray]:
    """The same film re-encoded, reduced, dimmed, and at 16 bits."""
    content = BytesIO()
    Image.fromarray(grey).save(content, "JPEG", quality=50)
    small = Image.fromarray(grey).resize((110, 130), Image.Resampling.BILINEAR)
    dim = (grey * 0.8 + 10).astype(np.uint8)
    return [decode(content.getvalue()), np.asarray(small), dim, grey.astype(np.uint16) * 257]


def test_the_same_film_again_is_near_and_another_is_not() -> None:
    for copy in again(film(1)):
        assert bits(film(1), copy) <= NEAR_BITS
    assert bits(film(1), film(2)) > 3 * NEAR_BITS


@pytest.mark.data
def test_real_films(shared: Path) -> None:
    """Copies at other sizes and qualities are found; no two of many real films are confused."""
    films = sorted((shared / "data" / "chest_xray" / "train").rglob("*.jpeg"))[::40]
    greys = [decode(path) for path in films]
    for grey in greys[::10]:
        assert all(bits(grey, copy) <= NEAR_BITS for copy in again(grey))
    assert near_pairs([perceptual_hash(grey) for grey in greys]) == []
    for original in sorted((shared / "data" / "originals").glob("*.jpeg"))[:5]:
        small = shared / "data" / "chest_xray" / "train" / "NORMAL" / original.name
        assert bits(decode(original), decode(small)) <= NEAR_BITS
