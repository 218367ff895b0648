"""A learning curve from invented predictions: what was put in comes out."""

from __future__ import annotations

import numpy as np
import pytest

from invented_curve import WORTH, scored_fractions
from radistill.metrics.curve_figures import curve_figures, round_targets
from radistill.metrics.over_seeds import aucs


@pytest.fixture(scope="module")
def figures():
    return curve_figures(scored_fractions(), 400, seed=0, targets=[0.96, 0.999])


def test_aucs_are_the_means_of_the_seeds(figures):
    points, _ = figures
    for point, one in zip(points, scored_fractions(), strict=True):
        for arm, models in one.arms.items():
            assert point.arms[arm].by_seed == pytest.approx(aucs(models))
            assert point.arms[arm].auc == pytest.approx(aucs(models).mean())
            low, high = point.arms[arm].ci
            assert low < point.arms[arm].auc < high
        assert point.teacher.auc == pytest.approx(aucs(one.teacher).mean())


def test_gains_are_paired_differences_and_the_large_one_is_shown(figures):
    points, _ = figures
    first = {(gain.of, gain.over): gain for gain in points[0].gains}
    assert set(first) == {("labelled", "alone"), ("all", "alone"), ("all", "labelled")}
    arms = points[0].arms
    gain = first["all", "alone"]
    assert gain.difference == pytest.approx(arms["all"].auc - arms["alone"].auc)
    assert 0 < gain.ci[0] < gain.difference < gain.ci[1]
    # Paired: narrower than the two intervals of unpaired AUCs would make it.
    alone, every = arms["alone"].ci, arms["all"].ci
    assert gain.ci[1] - gain.ci[0] < np.hypot(alone[1] - alone[0], every[1] - every[0])


def test_without_unlabelled_films_the_distilled_arms_are_not_compared(figures):
    points, _ = figures
    assert points[-1].unlabelled == 0
    assert {gain.over for gain in points[-1].gains} == {"alone"}


def test_patients_needed_are_those_of_the_law_that_was_put_in(figures):
    """1 - AUC = 0.6 / sqrt(WORTH * n): 225 patients for AUC 0.96, and fewer if distilled."""
    _, laws = figures
    for arm, law in laws.items():
        needed = law.needed[0]
        assert needed.auc == 0.96
        assert needed.ci[0] < 225 / WORTH[arm] < needed.ci[1]
    assert laws["all"].needed[0].patients < laws["alone"].needed[0].patients


def test_what_is_out_of_reach_has_no_number(figures):
    _, laws = figures
    hard = laws["alone"].needed[1]
    assert hard.patients is None or not hard.measured
    assert hard.ci[1] is None


def test_one_point_has_no_law():
    points, laws = curve_figures(scored_fractions((0.05,), (2,)), 100, seed=0)
    assert len(points) == 1
    assert laws == {}


def test_arms_that_were_not_asked_for_are_absent():
    points, laws = curve_figures(scored_fractions(arms=("alone",)), 100, seed=0)
    assert [*points[0].arms] == [*laws] == ["alone"]
    assert points[0].gains == ()


def test_models_that_rank_everything_rightly_leave_the_law_undetermined():
    scored = scored_fractions((0.05, 0.5), (2, 2), ("alone",))
    for one in scored:
        for p in one.arms["alone"]:
            p.probability[:] = p.truth
    points, laws = curve_figures(scored, 100, seed=0)
    assert points[0].arms["alone"].auc == 1
    assert points[0].arms["alone"].ci[0] < 1
    assert laws["alone"].b_ci is None


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.93, 0.985, [0.93, 0.94, 0.95, 0.96, 0.97, 0.98, 0.99]),
        (0.7, 0.85, [0.7, 0.75, 0.8, 0.85, 0.9]),
        (1.0, 1.0, []),
    ],
)
def test_targets_are_round_and_about_what_was_reached(low, high, expected):
    assert round_targets(low, high) == pytest.approx(expected)
