"""Every figure's interval, against scikit-learn on repeated films."""

from __future__ import annotations

import time

import numpy as np
import pytest
from sklearn import metrics as sk
from statsmodels.stats.proportion import proportion_confint

from radistill.config import EvaluationConfig
from radistill.metrics.bootstrap import (
    decisions,
    figure_draws,
    fit_to_truth,
    intervals,
    ranking,
    shown_interval,
)
from radistill.metrics.intervals import wilson
from radistill.metrics.metrics import metrics
from radistill.metrics.predictions import Predictions
from radistill.metrics.score import score_predictions
from radistill.schema.figures import FIGURES

SKLEARN = {
    "accuracy": sk.accuracy_score,
    "balanced_accuracy": sk.balanced_accuracy_score,
    "f1": sk.f1_score,
    "precision": sk.precision_score,
    "recall": sk.recall_score,
    "mcc": sk.matthews_corrcoef,
}


def films(n=120, seed=0, digits=2):
    rng = np.random.default_rng(seed)
    truth = rng.random(n) < 0.6
    return truth, np.clip(rng.normal(0.35, 0.2, n) + 0.3 * truth, 0.01, 0.99).round(digits)


def test_figures_under_weights_are_scikit_learns_on_repeated_films():
    truth, told = films()
    weights = np.random.default_rng(1).integers(0, 4, (10, len(truth))).astype(float)
    called = told >= 0.5
    found = decisions(truth, called, weights) | ranking(truth, told, weights)
    found |= fit_to_truth(truth, told, weights)
    for i, row in enumerate(weights):
        rows = np.repeat(np.arange(len(truth)), row.astype(int))
        for name, figure in SKLEARN.items():
            assert found[name][i] == pytest.approx(figure(truth[rows], called[rows])), name
        assert found["npv"][i] == pytest.approx(sk.precision_score(~truth[rows], ~called[rows]))
        assert found["auc"][i] == pytest.approx(sk.roc_auc_score(truth[rows], told[rows]))
        expected = sk.average_precision_score(truth[rows], told[rows])
        assert found["pr_auc"][i] == pytest.approx(expected)
        assert found["brier"][i] == pytest.approx(sk.brier_score_loss(truth[rows], told[rows]))
        assert found["log_loss"][i] == pytest.approx(sk.log_loss(truth[rows], told[rows]))
        ratios = sk.class_likelihood_ratios(truth[rows], called[rows])
        assert (found["lr_positive"][i], found["lr_negative"][i]) == pytest.approx(ratios)


def test_without_weights_the_draws_are_the_figures():
    truth, told = films()
    ones = np.ones((1, len(truth)))
    figures = metrics(truth, told, 0.5)
    found = decisions(truth, told >= 0.5, ones) | ranking(truth, told, ones)
    found |= fit_to_truth(truth, told, ones)
    for name, values in found.items():
        assert values[0] == pytest.approx(figures.value(name), abs=1e-6), name


def test_wilson_is_statsmodels_where_films_are_patients():
    right = np.arange(50) < 43
    expected = proportion_confint(43, 50, method="wilson")
    assert wilson(right, [str(i) for i in range(50)]) == pytest.approx(expected)


def test_wilson_counts_patients_where_their_films_are_copies():
    right = np.arange(50) < 43
    alone = wilson(right, [str(i) for i in range(50)])
    copies = wilson(np.repeat(right, 4), [str(i // 4) for i in range(200)])
    assert copies == pytest.approx(alone, abs=0.003)
    all_right = wilson(np.ones(200, bool), [str(i // 4) for i in range(200)])
    assert all_right == pytest.approx(proportion_confint(50, 50, method="wilson"))


def test_every_figure_has_an_interval_that_holds_it():
    truth, told = films(300)
    patients = [str(i // 2) for i in range(300)]
    point = metrics(truth, told, 0.5)
    figures = {name: point.value(name) for name in FIGURES}
    draws = figure_draws(truth, told, 0.5, patients, 500, 0)
    found = intervals(figures, truth, told, 0.5, patients, draws)
    assert set(found) == set(draws)
    for name, methods in found.items():
        low, high = shown_interval(methods)
        assert low <= figures[name] <= high, name
    assert set(found["recall"]) == {"bootstrap", "wilson"}
    assert set(found["auc"]) == {"bootstrap", "delong"}
    assert found["auc"]["delong"] == pytest.approx(found["auc"]["bootstrap"], abs=0.03)


def predictions(truth, told, patients):
    names = tuple(str(i) for i in range(len(truth)))
    label = tuple("P" if t else "N" for t in truth)
    return Predictions(names, tuple(patients), label, told, "P")


def test_fewer_than_ten_patients_have_no_intervals_and_it_says_why():
    truth, told = films(90)
    p = predictions(truth, told, [str(i % 9) for i in range(90)])
    found, _ = score_predictions(p, 0.5, EvaluationConfig(bootstrap=100), 0)
    assert found.auc is not None
    assert found.auc_ci is None
    assert found.recall_ci is None
    assert "9 patients" in found.no_intervals


def test_one_class_leaves_what_it_can_tell():
    truth, told = np.ones(30, bool), np.linspace(0.1, 0.9, 30)
    p = predictions(truth, told, [str(i) for i in range(30)])
    found, _ = score_predictions(p, 0.5, EvaluationConfig(bootstrap=100), 0)
    for name in ("auc", "pr_auc", "specificity", "mcc", "lr_positive", "calibration_slope"):
        assert found.value(name) is None, name
        assert found.interval(name) is None, name
    assert found.recall_ci[0] < found.recall < found.recall_ci[1]
    assert found.brier_ci[0] < found.brier < found.brier_ci[1]


def test_predictive_values_at_a_stated_prevalence():
    truth, told = films(300)
    p = predictions(truth, told, [str(i) for i in range(300)])
    share = float(truth.mean())
    same, _ = score_predictions(p, 0.5, EvaluationConfig(bootstrap=100, prevalence=share), 0)
    assert same.at_prevalence.precision == pytest.approx(same.precision)
    rare, _ = score_predictions(p, 0.5, EvaluationConfig(bootstrap=100, prevalence=0.01), 0)
    low, high = rare.at_prevalence.precision_ci
    assert low < rare.at_prevalence.precision < high < same.precision


def test_all_intervals_of_the_real_test_split_take_seconds():
    truth, told = films(624, digits=9)
    p = predictions(truth, told, [str(i) for i in range(624)])
    start = time.process_time()  # of this process: other work on the machine does not count
    score_predictions(p, 0.5, EvaluationConfig(bootstrap=2000), 0)
    assert time.process_time() - start < 10
