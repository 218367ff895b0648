"""Calibration: recovers what was done to the probabilities, and keeps ranks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit
from sklearn.isotonic import IsotonicRegression

from radistill.metrics.calibration import (
    UNCALIBRATED,
    calibrate,
    calibrate_scores,
    fit,
    steepest_slope,
)
from radistill.schema.calibrated import CalibrationMap

COOLER = CalibrationMap(kind="temperature", temperature=2.5)
WARMER = CalibrationMap(kind="temperature", temperature=0.4)


def films(n=2000, temperature=1.0, seed=0):
    rng = np.random.default_rng(seed)
    true = expit(rng.normal(0, 2, n))
    return rng.random(n) < true, expit(logit(true) * temperature)


def test_temperature_is_recovered():
    assert fit("temperature", *films(20_000, 3.0)).temperature == pytest.approx(3, rel=0.05)
    assert fit("temperature", *films(20_000, 0.5)).temperature == pytest.approx(0.5, rel=0.05)


def test_temperature_is_that_of_a_softmax():
    logits = np.array([[1.0, 3.0], [0.2, -0.7]])
    told = np.exp(logits[:, 1]) / np.exp(logits).sum(axis=1)
    cooled = np.exp(logits[:, 1] / 2.5) / np.exp(logits / 2.5).sum(axis=1)
    assert calibrate(COOLER, told) == pytest.approx(cooled)


@pytest.mark.parametrize("kind", ["none", "temperature", "isotonic"])
@given(seed=st.integers(0, 1000), digits=st.sampled_from([1, 2, 9]))
@settings(max_examples=15, deadline=None)
def test_no_rank_changes_and_all_stays_within_bounds(kind, seed, digits):
    truth, told = films(60, 2.0, seed)
    truth[:2] = [True, False]
    told = told.round(digits)
    chosen = fit(kind, truth, told)
    at = np.unique(np.r_[told, np.linspace(0, 1, 101)].round(9))
    after = calibrate(chosen, at)
    assert (np.diff(after) > 0).all()
    assert ((after >= 0) & (after <= 1)).all()
    if kind == "isotonic":
        assert ((after > 0) & (after < 1)).all()
    # A decision is the same on either scale.
    assert ((told >= 0.37) == (calibrate(chosen, told) >= calibrate(chosen, 0.37))).all()


def test_isotonic_is_scikit_learns_at_the_middle_of_its_blocks():
    truth, told = films(500, 3.0)
    level = IsotonicRegression().fit_transform(told, truth.astype(float))
    chosen = fit("isotonic", truth, told)
    for value in np.unique(level)[1:-1]:
        middle = told[level == value].mean()
        assert calibrate(chosen, middle) == pytest.approx(value, abs=2 / 500)


def test_other_classes_share_what_is_left():
    scores = np.array([[0.2, 0.5, 0.3], [0.0, 1.0, 0.0], [0.6, 0.1, 0.3]])
    after = calibrate_scores(COOLER, scores, 1)
    assert after[:, 1] == pytest.approx(calibrate(COOLER, scores[:, 1]))
    assert after[[0, 2]].sum(axis=1) == pytest.approx(1)
    assert after[0, 0] / after[0, 2] == pytest.approx(2 / 3)
    assert calibrate_scores(UNCALIBRATED, scores, 1) is scores


@pytest.mark.parametrize("chosen", [WARMER, fit("isotonic", *films(80))])
def test_no_difference_grows_by_more_than_the_steepest_slope(chosen):
    at = np.linspace(0, 1, 20_001)
    slopes = np.diff(calibrate(chosen, at)) / np.diff(at)
    assert slopes.max() <= steepest_slope(chosen) * (1 + 1e-6)
