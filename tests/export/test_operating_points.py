"""The card's operating points are the thresholds and intervals of the metrics room."""

from __future__ import annotations

import numpy as np
import pytest

from radistill.export.operating_points import validation_points, without_points
from radistill.metrics.predictions import Predictions
from radistill.metrics.thresholds import operating_points

RNG = np.random.default_rng(3)
TRUTH = RNG.random(300) < 0.6
PROBABILITY = np.clip(RNG.normal(0.3, 0.2, 300) + 0.4 * TRUTH, 0, 1)
PATIENTS = [f"{truth}-{i // 3}" for i, truth in enumerate(TRUTH)]


def test_the_points_are_those_of_the_report_under_other_names():
    names = tuple(map(str, range(300)))
    label = tuple("P" if t else "N" for t in TRUTH)
    p = Predictions(names, tuple(PATIENTS), label, PROBABILITY, "P")
    default, *points = validation_points(TRUTH, PROBABILITY, 0.5, PATIENTS)
    rules = [f"sensitivity={wanted}" for wanted in (0.9, 0.95, 0.99)]
    for point, same in zip(points, operating_points(p, p, rules), strict=True):
        assert point.name == same.rule.replace("=", "-")
        assert (point.threshold, point.films) == (same.threshold, 300)
        assert (point.sensitivity, point.sensitivity_ci) == (same.val.recall, same.val.recall_ci)
        assert point.specificity_ci == same.val.specificity_ci
        assert point.sensitivity >= float(point.name.removeprefix("sensitivity-"))
    assert (default.name, default.threshold) == ("default", 0.5)
    assert default.sensitivity == pytest.approx((PROBABILITY[TRUTH] >= 0.5).mean())


def test_films_of_a_patient_widen_the_interval():
    alike = np.repeat(PROBABILITY[::3], 3), np.repeat(TRUTH[::3], 3)
    alone = validation_points(alike[1], alike[0], 0.5)[0].sensitivity_ci
    owners = [str(i // 3) for i in range(300)]
    together = validation_points(alike[1], alike[0], 0.5, owners)[0].sensitivity_ci
    assert together[1] - together[0] > 1.5 * (alone[1] - alone[0])


def test_films_of_one_class_have_the_default_only():
    (point,) = validation_points(np.ones(4, bool), PROBABILITY[:4], 0.5)
    assert point.specificity is None
    assert point.specificity_ci is None
    assert point.sensitivity is not None


def test_the_card_has_one_answer_for_each_rule(make_run):
    _, comparison = make_run(models=("student",))
    figures = comparison.models[0]
    rules = [point.rule for point in figures.operating_points]
    assert rules == ["youden", "sensitivity=0.95", "specificity=0.95"]
    points = validation_points(TRUTH, PROBABILITY, 0.5, PATIENTS)
    left = without_points(figures, points)
    assert [point.rule for point in left.operating_points] == ["youden", "specificity=0.95"]
    assert without_points(left, points) is left
