"""Threshold rules against brute force, operating points and net benefit by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from radistill.metrics.predictions import Predictions
from radistill.metrics.thresholds import (
    at_threshold,
    choose_threshold,
    net_benefit,
    operating_points,
    ppv_and_npv,
)

films = st.lists(
    st.tuples(st.booleans(), st.floats(0, 1) | st.sampled_from([0.0, 0.25, 0.5, 1.0])),
    min_size=1,
    max_size=30,
)


def predictions(truth, probability):
    names = tuple(str(i) for i in range(len(truth)))
    label = tuple("P" if t else "N" for t in truth)
    return Predictions(names, names, label, np.asarray(probability, float), "P")


@given(films)
def test_a_fixed_threshold_looks_at_no_film(rows):
    truth = np.array([t for t, _ in rows])
    probability = np.array([p for _, p in rows])
    assert choose_threshold(truth, probability, "fixed=0.3") == 0.3


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
        choose_threshold(np.array([True]), np.array([0.5]), "f2")


def counts(truth, probability, cut):
    called = probability >= cut
    return (called & truth).sum(), (called & ~truth).sum()


@given(films, st.sampled_from([0.0, 0.5, 0.9, 0.95, 1.0]))
def test_floors_and_costs_are_the_best_cuts_that_keep_them(rows, floor):
    truth, probability = np.array([t for t, _ in rows]), np.array([p for _, p in rows])
    if truth.all() or not truth.any():
        return
    positives, negatives = truth.sum(), (~truth).sum()
    cuts = [*np.unique(probability), np.nextafter(1, 2)]
    outcomes = [counts(truth, probability, cut) for cut in cuts]

    def under(rule):
        return counts(truth, probability, choose_threshold(truth, probability, rule))

    tp, fp = under(f"sensitivity={floor}")
    assert tp >= floor * positives - 1e-9
    allowed = [f for t, f in outcomes[:-1] if t >= floor * positives - 1e-9]
    if floor > 0:
        assert fp == min(allowed)

    tp, fp = under(f"specificity={floor}")
    reachable = [t for t, f in outcomes[:-1] if negatives - f >= floor * negatives - 1e-9]
    if reachable:
        assert negatives - fp >= floor * negatives - 1e-9
        assert tp == max(reachable)

    tp, fp = under("cost=3")
    costs = [3 * (positives - t) + f for t, f in outcomes]
    least = min(costs if probability.max() < 1 else costs[:-1])
    assert 3 * (positives - tp) + fp == least

    tp, fp = under("f1")
    assert tp / (tp + fp + positives) == max(t / (t + f + positives) for t, f in outcomes)


def test_a_threshold_is_never_above_1():
    truth, probability = np.array([False, True]), np.array([1.0, 0.5])
    for rule in ("youden", "sensitivity=0.9", "specificity=1", "cost=0.01"):
        assert 0 <= choose_threshold(truth, probability, rule) <= 1


def test_operating_points_choose_on_validation_and_apply_to_test():
    val = predictions([0, 0, 1, 1], [0.1, 0.4, 0.6, 0.9])
    test = predictions([0, 1, 1, 0], [0.7, 0.8, 0.2, 0.1])
    low, high = operating_points(val, test, ["sensitivity=1", "sensitivity=0.5"])
    assert low.threshold == pytest.approx(0.5)
    assert high.threshold == pytest.approx(0.75)
    assert (low.test.recall, low.test.specificity) == (0.5, 0.5)
    assert (high.test.recall, high.test.specificity) == (0.5, 1.0)
    assert operating_points(predictions([1, 1], [0.2, 0.4]), test, ["youden"]) == ()


def test_what_cannot_be_told_at_a_threshold_is_none():
    found = at_threshold(predictions([0, 0], [0.1, 0.2]), 0.5)
    assert found.recall is None
    assert found.precision is None
    assert found.precision_ci is None
    assert found.specificity == found.npv == 1


def test_predictive_values_at_another_prevalence():
    # 1,000 people, 100 ill: 90 found, 90 of 900 well ones called ill.
    assert ppv_and_npv(0.9, 0.9, 0.1) == pytest.approx((90 / 180, 810 / 820))
    # At the films' own prevalence Bayes' rule gives back the counts.
    truth, called = np.array([1, 1, 1, 0, 0], bool), np.array([1, 1, 0, 1, 0], bool)
    found = at_threshold(predictions(truth, called.astype(float)), 0.5)
    ppv, npv = ppv_and_npv(found.recall, found.specificity, truth.mean())
    assert (ppv, npv) == pytest.approx((found.precision, found.npv))


def test_net_benefit_by_hand_and_at_the_straight_choices():
    truth, told = np.array([1, 1, 0, 0, 0], bool), np.array([0.9, 0.3, 0.6, 0.2, 0.1])
    # At 0.5: one found of five, one false alarm of five at odds of 1.
    assert net_benefit(truth, told, np.array([0.5]))[0] == pytest.approx(0.2 - 0.2)
    at = np.linspace(0.01, 0.95, 30)
    everybody = net_benefit(truth, np.ones(5), at)
    assert everybody == pytest.approx(0.4 - 0.6 * at / (1 - at))
    assert net_benefit(truth, np.zeros(5), at) == pytest.approx(np.zeros(30))
    assert net_benefit(truth, truth.astype(float), at) == pytest.approx(np.full(30, 0.4))
