"""Robustness is the figures of corrupted films."""

from __future__ import annotations

import numpy as np

from radistill.explain.robustness import robustness, weakest
from radistill.imaging.corruptions import CORRUPTIONS, Corruption
from radistill.metrics.predictions import Predictions


def films(n):
    truth = np.arange(n) % 2 == 0
    names = tuple(str(i) for i in range(n))
    probability = np.where(truth, 0.9, 0.1)
    return Predictions(names, names, tuple("P" if t else "N" for t in truth), probability, "P")


def test_curves_of_a_model_that_reads_the_mean_grey():
    """Inversion turns it upside down, and half the contrast brings both classes to the cut."""
    p = films(40)
    squares = np.where(p.truth, 200, 60).astype(np.uint8)[:, None, None] * np.ones(
        (1, 8, 8), np.uint8
    )
    kinds = [kind for kind in CORRUPTIONS if kind.name in ("inversion", "contrast")]
    curves = robustness(
        p, 0.7, lambda rows: squares[rows], lambda some: some.mean(axis=(1, 2)) / 255, kinds
    )
    contrast, inversion = curves.curves
    assert [point.auc for point in inversion.points] == [1.0, 0.0]
    assert [point.recall for point in inversion.points] == [1.0, 0.0]
    assert [point.recall for point in contrast.points] == [1.0, 1.0, 0.0, 0.0]
    assert {point.auc for point in contrast.points} == {1.0}
    assert weakest(curves) == ("inversion", 1, 0.0)
    assert curves.films == 40


def test_films_of_one_class_have_no_auc():
    p = films(40).rows(np.arange(0, 40, 2))
    same = Corruption("nothing", "contrast", "", (1,), 1)
    curves = robustness(
        p,
        0.5,
        lambda rows: np.zeros((len(rows), 4, 4), np.uint8),
        lambda s: np.ones(len(s)),
        [same],
    )
    assert curves.curves[0].points[0].auc is None
    assert weakest(curves) is None
