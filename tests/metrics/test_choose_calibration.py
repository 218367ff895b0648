"""A calibration is taken where validation, held out by patient, shows the need of one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.metrics import log_loss

from radistill.metrics.calibration import calibrate
from radistill.metrics.choose_calibration import choose_calibration
from radistill.metrics.predictions import Predictions


def films(n, temperature, seed=0):
    """Truths, and probabilities whose log-odds are `temperature` times what they should be."""
    rng = np.random.default_rng(seed)
    true = expit(rng.normal(0, 2, n))
    return rng.random(n) < true, expit(logit(true) * temperature)


def predictions(truth, told, each=1):
    n = len(truth)
    names = tuple(str(i) for i in range(n))
    patients = tuple(str(i // each) for i in range(n))
    return Predictions(names, patients, tuple("P" if t else "N" for t in truth), told, "P")


def test_an_overconfident_model_is_softened():
    truth, told = films(800, 3.0)
    chosen = choose_calibration(predictions(truth, told), 0)
    assert chosen.kind == "temperature"
    assert chosen.temperature == pytest.approx(3, rel=0.2)
    assert chosen.gains["temperature"].ci[0] > 0
    assert chosen.cv_log_loss["none"] == pytest.approx(log_loss(truth, told))
    assert log_loss(truth, calibrate(chosen, told)) < log_loss(truth, told)
    assert chosen == choose_calibration(predictions(truth, told), 0)


def test_a_model_is_not_made_more_confident_unless_one_asks_for_it():
    p = predictions(*films(800, 0.4))
    chosen = choose_calibration(p, 0)
    assert chosen.kind == "none"
    assert "more confident" in chosen.reason
    assert chosen.cv_log_loss["temperature"] < chosen.cv_log_loss["none"]
    asked = choose_calibration(p, 0, "temperature")
    assert asked.temperature == pytest.approx(0.4, rel=0.2)
    assert asked.reason == "asked for: temperature"
    assert choose_calibration(p, 0, "none").kind == "none"
    assert choose_calibration(p, 0, "isotonic").kind == "isotonic"


def test_isotonic_where_no_temperature_helps():
    truth, told = films(800, 3.0)
    odd = np.where(told > 0.5, 0.9 + 0.1 * told, 0.3 + 0.2 * told)
    chosen = choose_calibration(predictions(truth, odd), 0)
    assert chosen.kind == "isotonic"
    assert chosen.gains["isotonic"].ci[0] > 0


def test_what_may_be_chance_is_left_alone():
    """A gain by chance: with 95 % intervals, in one study of forty for each of the two kinds."""
    chosen = [choose_calibration(predictions(*films(300, 1.0, s)), s).kind for s in range(10)]
    assert chosen.count("none") >= 8


def test_films_of_a_patient_are_held_out_together():
    """Copies of a film on both sides would make isotonic look better than it is."""
    truth, told = films(60, 1.0, 5)
    copies = predictions(np.repeat(truth, 20), np.repeat(told, 20), each=20)
    leaking = predictions(np.repeat(truth, 20), np.repeat(told, 20))
    honest = choose_calibration(copies, 0).cv_log_loss["isotonic"]
    assert honest > choose_calibration(leaking, 0).cv_log_loss["isotonic"]


def test_too_few_patients_are_not_calibrated_and_it_says_why():
    chosen = choose_calibration(predictions(*films(15, 1.0)), 0)
    assert chosen.kind == "none"
    assert "fewer than 10" in chosen.reason
