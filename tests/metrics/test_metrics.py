"""Figures against hand counts and brute force."""

from __future__ import annotations

import numpy as np
import pytest

from radistill.metrics.metrics import metrics
from radistill.schema.figures import Confusion


def test_metrics_by_hand():
    truth = np.array([1, 1, 1, 0, 0], dtype=bool)
    probability = np.array([0.9, 0.8, 0.2, 0.7, 0.1])
    m = metrics(truth, probability, 0.5)
    assert m.confusion == Confusion(tn=1, fp=1, fn=1, tp=2)
    assert m.n == 5
    assert m.auc == pytest.approx(5 / 6)
    assert m.pr_auc == pytest.approx((1 + 1 + 3 / 4) / 3)
    assert m.accuracy == pytest.approx(3 / 5)
    assert m.precision == m.recall == m.f1 == pytest.approx(2 / 3)
    assert m.specificity == 0.5
    assert m.brier == pytest.approx(np.mean([0.01, 0.04, 0.64, 0.49, 0.01]))


def test_threshold_itself_is_positive():
    m = metrics(np.array([True, False]), np.array([0.5, 0.4]), 0.5)
    assert m.confusion == Confusion(tn=1, fp=0, fn=0, tp=1)


@pytest.mark.parametrize(("value", "absent"), [(True, "specificity"), (False, "recall")])
def test_one_class_leaves_figures_open(value, absent):
    m = metrics(np.full(4, value), np.array([0.1, 0.2, 0.7, 0.9]), 0.5)
    assert m.auc is None
    assert m.pr_auc is None
    assert m.value(absent) is None
    assert m.accuracy == 0.5


@pytest.mark.parametrize(("threshold", "absent"), [(1.0, "precision"), (0.0, "npv")])
def test_no_call_of_a_kind_leaves_its_predictive_value_open(threshold, absent):
    m = metrics(np.array([True, False, True]), np.array([0.1, 0.2, 0.7]), threshold)
    assert m.value(absent) is None


def test_no_films_is_an_error():
    with pytest.raises(ValueError, match="no films"):
        metrics(np.array([], dtype=bool), np.array([]), 0.5)
