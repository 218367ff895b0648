"""Paired tests against brute force and known cases."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, norm
from sklearn.metrics import roc_auc_score

from radistill.metrics.bootstrap import figure_draws
from radistill.metrics.intervals import least_patients, percentile_interval
from radistill.metrics.paired import delong, delong_variance, holm, mcnemar, not_inferior_p


def brute_force(truth, a, b):
    """DeLong, DeLong and Clarke-Pearson 1988 as printed: structural components pair by pair."""

    def psi(x, y):
        return 1.0 if x > y else 0.5 if x == y else 0.0

    aucs, v10, v01 = [], [], []
    for score in (a, b):
        xs, ys = score[truth], score[~truth]
        kernel = np.array([[psi(x, y) for y in ys] for x in xs])
        aucs.append(kernel.mean())
        v10.append(kernel.mean(axis=1))
        v01.append(kernel.mean(axis=0))
    s = np.cov(v10) / truth.sum() + np.cov(v01) / (~truth).sum()
    contrast = np.array([1, -1])
    return (*aucs, contrast @ s @ contrast)


def films(seed, n=60, digits=None):
    rng = np.random.default_rng(seed)
    truth = np.r_[True, True, False, False, rng.random(n - 4) < 0.5]
    a = truth + rng.normal(0, 1, n)
    b = 0.5 * a + 0.6 * truth + rng.normal(0, 0.7, n)
    return (truth, a, b) if digits is None else (truth, a.round(digits), b.round(digits))


@given(st.integers(0, 10_000), st.sampled_from([None, 1, 0]))
@settings(max_examples=30, deadline=None)
def test_fast_delong_is_delong(seed, digits):
    truth, a, b = films(seed, digits=digits)
    auc_a, auc_b, difference, variance, p = delong(truth, a, b)
    expected = brute_force(truth, a, b)
    assert (auc_a, auc_b, variance) == pytest.approx(expected, abs=1e-12)
    assert difference == auc_a - auc_b
    assert auc_a == pytest.approx(roc_auc_score(truth, a))
    assert 0 <= p <= 1


def test_delong_agrees_with_another_implementation():
    """The numbers are those of Delong_test in MLstatkit 0.1.91 on these scores."""
    truth = np.arange(14) < 6
    a = np.array([91, 83, 74, 62, 55, 31, 68, 44, 38, 33, 21, 17, 12, 5]) / 100
    b = np.array([72, 88, 35, 41, 79, 27, 52, 49, 30, 61, 18, 40, 9, 22]) / 100
    result = delong(truth, a, b)
    assert (result.auc_a, result.auc_b) == (0.875, 0.75)
    assert result.variance == pytest.approx(0.012053571428571429)
    assert result.p == pytest.approx(0.25489085754716734)
    half = 1.959963984540054 * np.sqrt(delong_variance(truth, a))
    assert 0.875 - half == pytest.approx(0.6792954801866523)


def test_delong_is_symmetric_and_sees_only_ranks():
    truth, a, b = films(3)
    forth, back = delong(truth, a, b), delong(truth, b, a)
    assert forth.difference == -back.difference
    assert forth.p == back.p
    assert delong(truth, np.exp(a), 5 * b - 2).p == forth.p


def test_delong_of_a_model_with_itself():
    truth, a, _ = films(3)
    assert delong(truth, a, a)[2:] == (0.0, 0.0, 1.0)


def test_delong_perfect_against_reversed():
    truth = np.array([1, 1, 0, 0], dtype=bool)
    result = delong(truth, truth.astype(float), 1 - truth)
    assert result.difference == 1
    assert result.p == 0


def test_delong_holds_its_level():
    """Two equally good models differ at the 5 % level about 5 % of the time."""
    rng = np.random.default_rng(0)
    truth = np.arange(120) < 60
    p = [
        delong(truth, truth + rng.normal(0, 1, 120), truth + rng.normal(0, 1, 120)).p
        for _ in range(600)
    ]
    assert 0.025 < np.mean(np.array(p) < 0.05) < 0.08


def test_delong_needs_two_of_each():
    with pytest.raises(ValueError, match="two films"):
        delong(np.array([True, False, False]), np.zeros(3), np.zeros(3))


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), min_size=1, max_size=40))
def test_mcnemar_is_the_binomial_test_of_discordant_films(rows):
    truth, a, b = (np.array(column) for column in zip(*rows, strict=True))
    result = mcnemar(truth, a, b)
    discordant = result.only_a + result.only_b
    assert discordant == (a != b).sum()
    expected = binomtest(result.only_a, discordant).pvalue if discordant else 1.0
    assert result.p == pytest.approx(expected)


def difference_interval(truth, a, b, patients, resamples):
    draws = [figure_draws(truth, p, 0.5, patients, resamples, 0)["auc"] for p in (a, b)]
    return percentile_interval(draws[0] - draws[1], least_patients(truth, patients))


def as_probabilities(truth, a, b):
    return truth, *(1 / (1 + np.exp(-score)) for score in (a, b))


def test_difference_interval_is_antisymmetric_and_pairs():
    truth, a, b = as_probabilities(*films(1, n=200))
    patients = [str(i // 2) for i in range(200)]
    low, high = difference_interval(truth, a, b, patients, 1000)
    back = difference_interval(truth, b, a, patients, 1000)
    assert back == pytest.approx((-high, -low))
    assert low < roc_auc_score(truth, a) - roc_auc_score(truth, b) < high
    assert difference_interval(truth, a, a, patients, 200) == (0, 0)


def test_difference_interval_agrees_with_delong_where_films_are_patients():
    truth, a, b = as_probabilities(*films(2, n=400))
    low, high = difference_interval(truth, a, b, [str(i) for i in range(400)], 2000)
    assert (high - low) / (2 * 1.96) == pytest.approx(delong(truth, a, b).variance ** 0.5, rel=0.1)


def test_variance_of_one_auc_is_that_against_a_coin():
    """Against a model whose placements do not vary the difference has the variance of the one."""
    truth, a, _ = films(4)
    assert delong_variance(truth, a) == pytest.approx(delong(truth, a, np.zeros(len(a))).variance)


def test_not_inferior_is_the_shifted_one_sided_test():
    truth, a, b = films(5, n=300)
    test = delong(truth, a, b)
    assert not_inferior_p(test.difference, test.variance, 1e-12) + not_inferior_p(
        -test.difference, test.variance, 1e-12
    ) == pytest.approx(1)
    assert not_inferior_p(0.0, 0.0001, 0.02) == pytest.approx(norm.sf(2))
    # The margin is left out by a one-sided 97.5 % bound exactly where p is below 0.025.
    upper = 0.01 + norm.ppf(0.975) * 0.005
    assert not_inferior_p(0.01, 0.005**2, upper) == pytest.approx(0.025)
    assert not_inferior_p(0.0, 0.0, 0.02) == 0
    assert not_inferior_p(0.03, 0.0, 0.02) == 1


def test_holm_by_hand_and_around_gaps():
    assert holm([0.01, None, 0.04, 0.03]) == pytest.approx([0.03, None, 0.06, 0.06])
    assert holm([None]) == [None]
    assert holm([]) == []
