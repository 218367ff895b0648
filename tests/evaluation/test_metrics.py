"""Figures against hand counts and brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from radistill.evaluation.metrics import (
    choose_threshold,
    expected_calibration_error,
    macro_auc,
    metrics,
)

films = st.lists(
    st.tuples(st.booleans(), st.floats(0, 1) | st.sampled_from([0.0, 0.25, 0.5, 1.0])),
    min_size=1,
    max_size=30,
)


def test_metrics_by_hand():
    truth = np.array([1, 1, 1, 0, 0], dtype=bool)
    probability = np.array([0.9, 0.8, 0.2, 0.7, 0.1])
    m = metrics(truth, probability, 0.5)
    assert m["confusion"] == {"tn": 1, "fp": 1, "fn": 1, "tp": 2}
    assert m["n"] == 5
    assert m["auc"] == pytest.approx(5 / 6)
    assert m["pr_auc"] == pytest.approx((1 + 1 + 3 / 4) / 3)
    assert m["accuracy"] == pytest.approx(3 / 5)
    assert m["precision"] == m["recall"] == m["f1"] == pytest.approx(2 / 3)
    assert m["specificity"] == 0.5
    assert m["brier"] == pytest.approx(np.mean([0.01, 0.04, 0.64, 0.49, 0.01]))


def test_threshold_itself_is_positive():
    m = metrics(np.array([True, False]), np.array([0.5, 0.4]), 0.5)
    assert m["confusion"] == {"tn": 1, "fp": 0, "fn": 0, "tp": 1}


@pytest.mark.parametrize(("value", "absent"), [(True, "specificity"), (False, "recall")])
def test_one_class_leaves_figures_open(value, absent):
    m = metrics(np.full(4, value), np.array([0.1, 0.2, 0.7, 0.9]), 0.5)
    assert m["auc"] is None
    assert m["pr_auc"] is None
    assert m[absent] is None
    assert m["accuracy"] == 0.5


def test_no_films_is_an_error():
    with pytest.raises(ValueError, match="no films"):
        metrics(np.array([], dtype=bool), np.array([]), 0.5)


def test_calibration_error_by_hand_and_at_the_edges():
    assert expected_calibration_error(np.array([0, 1]), np.array([0.0, 1.0])) == 0
    assert expected_calibration_error(np.array([1, 0]), np.array([0.0, 1.0])) == 1
    # One bin, three of four positive, told 0.55 each.
    gap = expected_calibration_error(np.array([1, 1, 1, 0]), np.full(4, 0.55))
    assert gap == pytest.approx(0.2)


@given(films)
def test_youden_is_the_best_cut_there_is(rows):
    truth = np.array([t for t, _ in rows])
    probability = np.array([p for _, p in rows])
    threshold = choose_threshold(truth, probability, "youden")
    if truth.all() or not truth.any():
        assert threshold == 0.5
        return

    def youden(cut):
        called = probability >= cut
        return called[truth].mean() - called[~truth].mean()

    assert youden(threshold) >= max(youden(cut) for cut in [*probability, 2.0]) - 1e-12


def test_threshold_is_halfway_between_neighbours():
    truth = np.array([0, 0, 1, 1], dtype=bool)
    assert choose_threshold(truth, np.array([0.1, 0.2, 0.6, 0.9])) == pytest.approx(0.4)


def test_of_equal_cuts_the_sensitive_one():
    truth = np.array([0, 1, 0, 1], dtype=bool)
    # Below 0.3 and below 0.9 both have index 0.5.
    assert choose_threshold(truth, np.array([0.1, 0.3, 0.5, 0.9])) == pytest.approx(0.2)


def test_neighbouring_floats_are_still_split():
    low = 0.5
    high = np.nextafter(low, 1)
    threshold = choose_threshold(np.array([False, True]), np.array([low, high]))
    assert low < threshold <= high


def test_unknown_rule():
    with pytest.raises(ValueError, match="unknown rule"):
        choose_threshold(np.array([True]), np.array([0.5]), "f1")  # type: ignore[arg-type]


def test_macro_auc_is_the_mean_over_classes_present():
    label = np.array(["a", "b", "a", "b"], dtype=object)
    scores = np.array([[0.8, 0.1, 0.1], [0.3, 0.6, 0.1], [0.2, 0.7, 0.1], [0.1, 0.8, 0.1]])
    a = (1 + 1 + 0 + 1) / 4
    b = (1 + 1 + 0 + 1) / 4
    assert macro_auc(label, scores, ("a", "b", "c")) == pytest.approx((a + b) / 2)
    assert macro_auc(label[:1], scores[:1], ("a", "b", "c")) is None
