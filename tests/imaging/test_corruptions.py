"""Each corruption is what it says."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from radistill.imaging.corruptions import CORRUPTIONS

BY_NAME = {kind.name: kind for kind in CORRUPTIONS}


@pytest.fixture
def film():
    y, x = np.mgrid[0:128, 0:128] / 128
    smooth = 120 + 60 * np.sin(5 * x) * np.cos(3 * y) + 40 * (x > 0.3)
    return np.clip(smooth, 0, 255).astype(np.uint8)


def corrupted(name, severity, film, seed=0):
    return BY_NAME[name].apply(film[None], severity, seed)[0]


@pytest.mark.parametrize("name", sorted(set(BY_NAME) - {"JPEG", "inversion"}))
def test_no_corruption_changes_no_pixel(name, film):
    assert np.array_equal(corrupted(name, BY_NAME[name].none, film), film)


@pytest.mark.parametrize("kind", CORRUPTIONS, ids=lambda kind: kind.name)
def test_higher_severities_change_more(kind, film):
    changes = [
        np.abs(kind.apply(film[None], severity)[0].astype(float) - film).mean()
        for severity in kind.severities
    ]
    assert changes == sorted(changes)
    assert changes[0] > 0
    again = kind.apply(film[None], kind.severities[-1])
    assert np.array_equal(again, kind.apply(film[None], kind.severities[-1]))
    assert again.dtype == np.uint8


def test_exact_pixels(film):
    assert np.array_equal(corrupted("inversion", 1, film), 255 - film)
    assert np.array_equal(
        corrupted("contrast", 0.5, film), np.rint(127.5 + 0.5 * (film - 127.5)).astype(np.uint8)
    )
    content = io.BytesIO()
    Image.fromarray(film).save(content, "JPEG", quality=25)
    assert np.array_equal(corrupted("JPEG", 25, film), np.asarray(Image.open(content)))


def test_shift_moves_whole_pixels(film):
    moved = corrupted("shift", 8 / 128, film)
    right = np.zeros_like(film)
    right[:, 8:] = film[:, :-8]
    left = np.zeros_like(film)
    left[:, :-8] = film[:, 8:]
    assert np.array_equal(moved, right) or np.array_equal(moved, left)


def test_rotation_and_scale_are_scipys(film):
    inner = slice(28, 100)
    for angle in (20, -20):
        expected = ndimage.rotate(film.astype(float), angle, reshape=False, order=1)
        gap = np.abs(corrupted("rotation", 20, film) - expected)[inner, inner].mean()
        if gap < 1:
            break
    assert gap < 1
    c = 63.5
    expected = ndimage.affine_transform(
        film.astype(float), np.eye(2) / 1.5, offset=c - c / 1.5, order=1
    )
    assert np.abs(corrupted("larger", 1.5, film) - expected)[inner, inner].mean() < 1
