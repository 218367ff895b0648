"""The shift of scores, and two thresholds side by side."""

from __future__ import annotations

import numpy as np
import pytest

from radistill.metrics.predictions import Predictions
from radistill.metrics.shift import score_shift, shipped_and_best


def test_no_shift_and_a_whole_shift():
    scores = np.linspace(0, 1, 101)
    none = score_shift(scores, scores)
    assert (none.ks, none.wasserstein) == (0, 0)
    assert none.quartiles == pytest.approx([0.25, 0.5, 0.75])
    whole = score_shift(np.full(50, 0.2), np.full(40, 0.9))
    assert whole.ks == 1
    assert whole.wasserstein == pytest.approx(0.7)
    assert whole.ks_p < 1e-9


def test_quantiles_stand_for_their_films_but_have_no_p():
    scores = np.random.default_rng(0).random(500)
    found = score_shift(np.quantile(scores, np.linspace(0, 1, 41)), scores, 500)
    assert found.ks < 0.03
    assert found.ks_p is None
    assert found.reference_n == 500


def test_what_another_threshold_would_make_up_for():
    truth = np.array([0, 0, 0, 1, 1, 1])
    names = tuple("abcdef")
    told = np.array([0.6, 0.7, 0.8, 0.9, 0.95, 0.99])
    p = Predictions(names, names, tuple("PN"[1 - t] for t in truth), told, "P")
    shipped, best = shipped_and_best(p, 0.5)
    assert shipped.specificity == 0
    assert shipped.accuracy == 0.5
    assert best.accuracy == 1
    assert best.threshold == pytest.approx(0.85)
    assert shipped_and_best(p.rows([3, 4]), 0.5)[1] is None
