"""Damage is what it says, and robustness is the figures of damaged films."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from radistill.explain.robustness import robustness, weakest
from radistill.imaging.corruptions import DAMAGES, Damage
from radistill.metrics.predictions import Predictions

BY_NAME = {damage.name: damage for damage in DAMAGES}


@pytest.fixture
def film():
    y, x = np.mgrid[0:128, 0:128] / 128
    smooth = 120 + 60 * np.sin(5 * x) * np.cos(3 * y) + 40 * (x > 0.3)
    return np.clip(smooth, 0, 255).astype(np.uint8)


def damaged(name, level, film, seed=0):
    return BY_NAME[name].to(film[None], level, seed)[0]


@pytest.mark.parametrize("name", sorted(set(BY_NAME) - {"JPEG", "inversion"}))
def test_no_damage_changes_no_pixel(name, film):
    damage = BY_NAME[name]
    assert np.array_equal(damaged(name, damage.none, film), film)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.name)
def test_worse_levels_do_more(damage, film):
    changes = [
        np.abs(damage.to(film[None], level)[0].astype(float) - film).mean()
        for level in damage.levels
    ]
    assert changes == sorted(changes)
    assert changes[0] > 0
    again = damage.to(film[None], damage.levels[-1])
    assert np.array_equal(again, damage.to(film[None], damage.levels[-1]))
    assert again.dtype == np.uint8


def test_exact_pixels(film):
    assert np.array_equal(damaged("inversion", 1, film), 255 - film)
    assert np.array_equal(
        damaged("contrast", 0.5, film), np.rint(127.5 + 0.5 * (film - 127.5)).astype(np.uint8)
    )
    content = io.BytesIO()
    Image.fromarray(film).save(content, "JPEG", quality=25)
    assert np.array_equal(damaged("JPEG", 25, film), np.asarray(Image.open(content)))


def test_shift_moves_whole_pixels(film):
    moved = damaged("shift", 8 / 128, film)
    right = np.zeros_like(film)
    right[:, 8:] = film[:, :-8]
    left = np.zeros_like(film)
    left[:, :-8] = film[:, 8:]
    assert np.array_equal(moved, right) or np.array_equal(moved, left)


def test_rotation_and_scale_are_scipys(film):
    inner = slice(28, 100)
    for angle in (20, -20):
        expected = ndimage.rotate(film.astype(float), angle, reshape=False, order=1)
        gap = np.abs(damaged("rotation", 20, film) - expected)[inner, inner].mean()
        if gap < 1:
            break
    assert gap < 1
    c = 63.5
    expected = ndimage.affine_transform(
        film.astype(float), np.eye(2) / 1.5, offset=c - c / 1.5, order=1
    )
    assert np.abs(damaged("larger", 1.5, film) - expected)[inner, inner].mean() < 1


def films(n):
    truth = np.arange(n) % 2 == 0
    names = tuple(str(i) for i in range(n))
    told = np.where(truth, 0.9, 0.1)
    return Predictions(names, names, tuple("P" if t else "N" for t in truth), told, "P")


def test_curves_of_a_model_that_reads_the_mean_grey():
    """Inversion turns it upside down, and half the contrast brings both classes to the cut."""
    p = films(40)
    squares = np.where(p.truth, 200, 60).astype(np.uint8)[:, None, None] * np.ones(
        (1, 8, 8), np.uint8
    )
    damages = (BY_NAME["inversion"], BY_NAME["contrast"])
    found = robustness(
        p, 0.7, lambda rows: squares[rows], lambda some: some.mean(axis=(1, 2)) / 255, damages
    )
    inversion, contrast = found.curves
    assert [point.auc for point in inversion.points] == [1.0, 0.0]
    assert [point.recall for point in inversion.points] == [1.0, 0.0]
    assert [point.recall for point in contrast.points] == [1.0, 1.0, 0.0, 0.0]
    assert {point.auc for point in contrast.points} == {1.0}
    assert weakest(found) == ("inversion", 1, 0.0)
    assert found.films == 40


def test_films_of_one_class_have_no_auc():
    p = films(40).rows(np.arange(0, 40, 2))
    same = Damage("nothing", "", (1,), 0, lambda square, _level, _rng: square)
    found = robustness(
        p,
        0.5,
        lambda rows: np.zeros((len(rows), 4, 4), np.uint8),
        lambda s: np.ones(len(s)),
        [same],
    )
    assert found.curves[0].points[0].auc is None
    assert weakest(found) is None
