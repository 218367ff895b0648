"""Perceptual hashes: the same film again is near, another film is not."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from radistill.data.perceptual_hash import (
    BITS,
    NEAR_BITS,
    _equal_pairs,
    near_any,
    near_pairs,
    perceptual_hash,
)
from radistill.imaging import decode

WORD = st.integers(0, 2**BITS - 1)
FLIPPED = st.sets(st.integers(0, BITS - 1), max_size=30)


@settings(max_examples=60, deadline=None)
@given(WORD, st.lists(st.one_of(WORD, FLIPPED), max_size=12), st.integers(0, 24))
def test_near_pairs_against_plain_counting(
    film: int, others: list[int | set[int]], most: int
) -> None:
    """Among any hashes, and among those that differ from one hash in a few bits."""
    flipped = [other if isinstance(other, int) else {1 << bit for bit in other} for other in others]
    values = [other if isinstance(other, int) else film ^ sum(other) for other in flipped]
    values.append(film)
    expected = sorted(
        ((a ^ b).bit_count(), i, j)
        for i, a in enumerate(values)
        for j, b in enumerate(values)
        if i < j and (a ^ b).bit_count() <= most
    )
    found = near_pairs([f"{value:0{BITS // 4}x}" for value in values], most)
    assert [(bits, i, j) for i, j, bits in found] == expected
    assert near_pairs([]) == []


def test_near_any_against_near_pairs() -> None:
    rng = np.random.default_rng(0)
    hashes = [rng.bytes(BITS // 8).hex() for _ in range(600)]
    others = [f"{int(value, 16) ^ (1 << 20) - 1:0{BITS // 4}x}" for value in hashes[::7]]
    near = near_any(hashes, others)
    assert near.tolist() == [row % 7 == 0 for row in range(600)]
    pairs = near_pairs([*hashes, *others])
    assert [i for i, _, _ in pairs] == np.flatnonzero(near).tolist()
    assert not near_any(hashes, others, NEAR_BITS - 1).any()
    assert not near_any(hashes, []).any()
    assert not len(near_any([], others))


def test_time_grows_with_films_not_with_their_pairs() -> None:
    """Of 30,000 random hashes no more than some thousand pairs are compared bit by bit."""
    rng = np.random.default_rng(0)
    hashes = [rng.bytes(BITS // 8).hex() for _ in range(30_000)]
    compared = 0

    def counting(keys: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        nonlocal compared
        for one, other in _equal_pairs(keys):
            compared += len(one)
            yield one, other

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("radistill.data.perceptual_hash._equal_pairs", counting)
        assert near_pairs(hashes) == []
    assert compared < len(hashes)


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
