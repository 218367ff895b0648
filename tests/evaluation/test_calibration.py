"""Calibration: recovers what was done to the probabilities, keeps ranks, is chosen by patient."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import log_loss

from radistill.evaluation.calibration import Calibration, choose_calibration, fit
from radistill.evaluation.predictions import Predictions


def films(n=2000, temperature=1.0, seed=0):
    rng = np.random.default_rng(seed)
    true = expit(rng.normal(0, 2, n))
    return rng.random(n) < true, expit(logit(true) * temperature)


def predictions(truth, told, each=1):
    n = len(truth)
    names = tuple(str(i) for i in range(n))
    patients = tuple(str(i // each) for i in range(n))
    return Predictions(names, patients, tuple("P" if t else "N" for t in truth), told, "P")


def test_temperature_is_recovered():
    assert fit("temperature", *films(20_000, 3.0)).temperature == pytest.approx(3, rel=0.05)
    assert fit("temperature", *films(20_000, 0.5)).temperature == pytest.approx(0.5, rel=0.05)


def test_temperature_is_that_of_a_softmax():
    logits = np.array([[1.0, 3.0], [0.2, -0.7]])
    told = np.exp(logits[:, 1]) / np.exp(logits).sum(axis=1)
    cooled = np.exp(logits[:, 1] / 2.5) / np.exp(logits / 2.5).sum(axis=1)
    assert Calibration("temperature", 2.5).apply(told) == pytest.approx(cooled)


@pytest.mark.parametrize("kind", ["none", "temperature", "isotonic"])
@given(seed=st.integers(0, 1000), digits=st.sampled_from([1, 2, 9]))
@settings(max_examples=15, deadline=None)
def test_no_rank_changes_and_all_stays_within_bounds(kind, seed, digits):
    truth, told = films(60, 2.0, seed)
    truth[:2] = [True, False]
    told = told.round(digits)
    chosen = fit(kind, truth, told)
    at = np.unique(np.r_[told, np.linspace(0, 1, 101)].round(9))
    after = chosen.apply(at)
    assert (np.diff(after) > 0).all()
    assert ((after >= 0) & (after <= 1)).all()
    if kind == "isotonic":
        assert ((after > 0) & (after < 1)).all()
    # A decision is the same on either scale.
    assert ((told >= 0.37) == (chosen.apply(told) >= chosen.apply(np.array(0.37)))).all()


def test_isotonic_is_scikit_learns_at_the_middle_of_its_blocks():
    truth, told = films(500, 3.0)
    level = IsotonicRegression().fit_transform(told, truth.astype(float))
    chosen = fit("isotonic", truth, told)
    for value in np.unique(level)[1:-1]:
        middle = told[level == value].mean()
        assert chosen.apply(np.array([middle]))[0] == pytest.approx(value, abs=2 / 500)


def test_survives_json():
    for kind in ("none", "temperature", "isotonic"):
        chosen = fit(kind, *films(100))
        assert Calibration.from_json(chosen.to_json() | {"more": 1}) == chosen


def test_the_kind_with_the_least_held_out_loss_is_chosen():
    truth, told = films(1500, 3.0)
    chosen, why = choose_calibration(predictions(truth, told), 0)
    assert chosen.kind == "temperature"
    assert why["cv_log_loss"]["temperature"] == min(why["cv_log_loss"].values())
    assert log_loss(truth, chosen.apply(told)) < log_loss(truth, told)
    # A map that no temperature mends.
    odd = np.where(told > 0.5, 0.9 + 0.1 * told, 0.3 + 0.2 * told)
    assert choose_calibration(predictions(truth, odd), 0)[0].kind == "isotonic"
    right = films(1500, 1.0)
    assert choose_calibration(predictions(*right), 0)[0].kind != "isotonic"


def test_films_of_a_patient_are_held_out_together():
    """Copies of a film on both sides would make isotonic look better than it is."""
    truth, told = films(60, 1.0, 5)
    copies = predictions(np.repeat(truth, 20), np.repeat(told, 20), each=20)
    leaking = predictions(np.repeat(truth, 20), np.repeat(told, 20))
    honest = choose_calibration(copies, 0)[1]["cv_log_loss"]["isotonic"]
    assert honest > choose_calibration(leaking, 0)[1]["cv_log_loss"]["isotonic"]


def test_too_few_patients_are_not_calibrated_and_it_says_why():
    chosen, why = choose_calibration(predictions(*films(15)), 0)
    assert chosen == Calibration()
    assert "fewer than 10" in why["reason"]
