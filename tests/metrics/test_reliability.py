"""Calibration figures against hand-worked cases, scikit-learn and statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LogisticRegression

from radistill.metrics.reliability import (
    bin_index,
    expected_calibration_error,
    intercept,
    log_odds,
    slope,
    weighted_intercept,
    weighted_slope,
)


def films(n=400, seed=0):
    rng = np.random.default_rng(seed)
    odds = rng.normal(0, 2, n)
    truth = rng.random(n) < 1 / (1 + np.exp(-(0.4 + 0.6 * odds)))
    return truth, 1 / (1 + np.exp(-odds))


def test_calibration_error_by_hand_and_at_the_edges():
    assert expected_calibration_error(np.array([0, 1]), np.array([0.0, 1.0])) == 0
    assert expected_calibration_error(np.array([1, 0]), np.array([0.0, 1.0])) == 1
    # One bin, three of four positive, told 0.55 each.
    gap = expected_calibration_error(np.array([1, 1, 1, 0]), np.full(4, 0.55))
    assert gap == pytest.approx(0.2)


def test_equal_mass_by_hand():
    # Two bins of two: gaps |0.1 + 0.3 - 1| and |0.7 + 0.9 - 2| of four films.
    truth, told = np.array([0, 1, 1, 1]), np.array([0.1, 0.3, 0.7, 0.9])
    gap = expected_calibration_error(truth, told, 2, equal_mass=True)
    assert gap == pytest.approx((0.6 + 0.4) / 4)


@pytest.mark.parametrize("equal_mass", [False, True])
def test_calibration_error_follows_from_sklearns_curve(equal_mass):
    truth, told = films()
    strategy = "quantile" if equal_mass else "uniform"
    observed, predicted = calibration_curve(truth, told, n_bins=15, strategy=strategy)
    sizes = np.bincount(bin_index(told, 15, equal_mass=equal_mass), minlength=15)
    sizes = sizes[sizes > 0]
    expected = np.average(np.abs(observed - predicted), weights=sizes)
    assert expected_calibration_error(truth, told, equal_mass=equal_mass) == pytest.approx(expected)


def test_slope_is_that_of_a_logistic_regression():
    truth, told = films()
    fitted = sm.Logit(truth.astype(int), sm.add_constant(log_odds(told))).fit(disp=0)
    assert slope(truth, told) == pytest.approx(fitted.params[1], abs=1e-6)
    by_sklearn = LogisticRegression(C=np.inf, tol=1e-8).fit(log_odds(told)[:, None], truth)
    assert slope(truth, told) == pytest.approx(by_sklearn.coef_[0, 0], abs=1e-3)


def test_intercept_makes_the_mean_right():
    truth, told = films()
    moved = 1 / (1 + np.exp(-(log_odds(told) + intercept(truth, told))))
    assert moved.mean() == pytest.approx(truth.mean(), abs=1e-8)


def test_a_model_that_is_right_and_one_twice_too_sure():
    rng = np.random.default_rng(3)
    told = rng.random(200_000)
    truth = rng.random(200_000) < told
    assert slope(truth, told) == pytest.approx(1, abs=0.02)
    assert intercept(truth, told) == pytest.approx(0, abs=0.02)
    assert expected_calibration_error(truth, told) < 0.01
    sure = 1 / (1 + np.exp(-2 * log_odds(told)))
    assert slope(truth, sure) == pytest.approx(0.5, abs=0.01)


def test_resampled_fits_are_fits_of_repeated_films():
    truth, told = films(150)
    weights = np.random.default_rng(1).integers(0, 4, (8, 150)).astype(float)
    for row, got_slope, got_intercept in zip(
        weights,
        weighted_slope(truth, told, weights),
        weighted_intercept(truth, told, weights),
        strict=True,
    ):
        rows = np.repeat(np.arange(150), row.astype(int))
        assert got_slope == pytest.approx(slope(truth[rows], told[rows]), abs=1e-6)
        assert got_intercept == pytest.approx(intercept(truth[rows], told[rows]), abs=1e-6)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("sure", [1, 3, 8, 20])
def test_fits_of_any_sureness_are_those_of_statsmodels(sure, seed):
    rng = np.random.default_rng(seed)
    odds = rng.normal(rng.normal(), sure, 150)
    told, truth = 1 / (1 + np.exp(-odds)), rng.random(150) < 1 / (1 + np.exp(-odds / sure))
    told[:3] = 0, 1, 1
    weights = np.ones((2, 150))
    design = sm.add_constant(log_odds(told))
    expected = sm.GLM(truth.astype(float), design, family=sm.families.Binomial()).fit().params[1]
    assert slope(truth, told) == pytest.approx(expected, abs=1e-6)
    assert weighted_slope(truth, told, weights) == pytest.approx([expected] * 2, abs=1e-6)
    moved = 1 / (1 + np.exp(-(log_odds(told) + intercept(truth, told))))
    assert moved.mean() == pytest.approx(truth.mean(), abs=1e-6)


@pytest.mark.parametrize("sure", [5, 10, 15, 20])
def test_a_model_that_is_sure_of_every_film_has_an_intercept(sure):
    """Where nearly every film is far from 0.5, the first step of Newton's method is immense."""
    rng = np.random.default_rng(0)
    truth = rng.random(600) < 0.7
    odds = np.where(truth ^ (rng.random(600) < 0.05), 1, -1) * sure * (0.5 + rng.random(600))
    told = 1 / (1 + np.exp(-odds))
    moved = 1 / (1 + np.exp(-(log_odds(told) + intercept(truth, told))))
    assert moved.mean() == pytest.approx(truth.mean(), abs=1e-6)
    weights = rng.multinomial(600, np.full(600, 1 / 600), 200).astype(float)
    resampled = weighted_intercept(truth, told, weights)
    assert np.isfinite(resampled).all()


def test_what_has_no_finite_fit_is_none():
    apart = np.array([False, False, True, True]), np.array([0.1, 0.2, 0.8, 0.9])
    assert slope(*apart) is None
    assert np.isnan(weighted_slope(*apart, np.ones((1, 4)))).all()
    assert slope(np.array([True, False]), np.array([0.4, 0.4])) is None
    assert slope(np.array([True, True]), np.array([0.4, 0.6])) is None
    assert intercept(np.array([True, True]), np.array([0.4, 0.6])) is None


def test_probabilities_of_0_and_1_are_no_trouble():
    truth = np.array([False, True, True, False, True])
    told = np.array([0.0, 1.0, 0.7, 0.4, 0.0])
    assert np.isfinite(slope(truth, told))
    assert np.isfinite(intercept(truth, told))
