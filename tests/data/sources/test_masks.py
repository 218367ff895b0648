"""Masks, told by names and by pixels."""

from __future__ import annotations

import numpy as np
import pytest

from radistill.data.sources.masks import is_black_and_white, is_mask

RAMP = np.add.outer(np.arange(300), np.arange(280)).astype(np.uint16)


@pytest.mark.parametrize(
    "name",
    [
        "masks",
        "MASK",
        "lung masks",
        "leftMask",
        "a_mask",
        "mask_7",
        "ManualMask",
        "lungmask",
        "0001_mask_left",
        "segmentations",
        "ground_truth",
        "GroundTruth",
        "Labels",
        "a_seg",
    ],
)
def test_names_of_masks(name) -> None:
    assert is_mask(name)


@pytest.mark.parametrize("name", ["images", "unmasked", "0001", "", "segment-2", "labelled", "PA"])
def test_names_of_films(name) -> None:
    assert not is_mask(name)


@pytest.mark.parametrize("high", [1, 255, 4095, 65535])
def test_two_greys_or_one_are_black_and_white(high) -> None:
    kind = np.uint8 if high < 256 else np.uint16
    assert is_black_and_white(np.where(RAMP > 200, high, 0).astype(kind))
    assert is_black_and_white(np.full((64, 64), high, kind))


def test_films_are_not() -> None:
    film = (RAMP // 3).astype(np.uint8)
    assert not is_black_and_white(film)
    assert not is_black_and_white(np.clip(film, 60, 160))  # burnt out at both ends
    hot = RAMP.copy()
    hot[0, 0] = 65535  # seen, as all else is
    assert not is_black_and_white(hot)
