"""Intervals over seeds and patients: worked by hand, and how often they hold the truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from invented_curve import predictions
from radistill.metrics.intervals import auc_interval
from radistill.metrics.over_seeds import (
    auc_draws,
    aucs,
    interval_over_seeds,
    mean_over_seeds,
    seed_draws,
)


def test_aucs_are_those_of_scikit_learn():
    models = [predictions(0.9, seed) for seed in range(3)]
    expected = [roc_auc_score(p.truth, p.probability) for p in models]
    assert aucs(models) == pytest.approx(expected)


def test_the_mean_of_drawn_seeds_worked_by_hand():
    draws = np.array([[0.90, 0.80], [0.92, 0.86], [0.97, 0.89]])  # three seeds, two resamples
    drawn = np.array([[0, 2], [1, 1]])
    assert mean_over_seeds(draws, drawn) == pytest.approx([(0.90 + 0.97) / 2, 0.86])


def test_drawn_seeds_vary_as_the_mean_of_new_seeds_does():
    """Of values x the variance of the mean of S new ones is s^2 / S, with s^2 over S - 1."""
    rng = np.random.default_rng(0)
    for values in ([0.93, 0.95], [0.93, 0.95, 0.94, 0.97, 0.90]):
        x = np.array(values)
        draws = np.repeat(x[:, None], 100_000, axis=1)
        means = mean_over_seeds(draws, seed_draws(len(x), 100_000, rng))
        assert means.mean() == pytest.approx(x.mean(), abs=2e-4)
        assert means.var() == pytest.approx(x.var(ddof=1) / len(x), rel=0.03)


def test_one_seed_has_the_interval_over_patients():
    model = predictions(0.9, 0)
    draws = auc_draws([model], 500, seed=3)
    values = mean_over_seeds(draws, seed_draws(1, 500, np.random.default_rng(0)))
    expected = auc_interval(model.truth, model.probability, model.patient, 500, seed=3)
    assert interval_over_seeds(values, aucs([model]), [model]) == pytest.approx(expected)


def test_recipes_that_differ_in_nothing_have_no_gain_and_no_interval():
    models = [predictions(0.9, seed) for seed in range(2)]
    draws = auc_draws([*models, *models], 200, seed=0)
    drawn = seed_draws(2, 200, np.random.default_rng(1))
    gain = mean_over_seeds(draws[2:], drawn) - mean_over_seeds(draws[:2], drawn)
    assert interval_over_seeds(gain, np.zeros(2), models) is None


def test_where_seeds_alone_differ_the_interval_is_students_worked_by_hand():
    """Five seeds, t with 4 degrees of freedom: wider by 2.776 / 1.960 than from a normal one."""
    by_seed = np.array([0.90, 0.92, 0.93, 0.94, 0.96])
    error = by_seed.std(ddof=1) / np.sqrt(5)
    values = np.random.default_rng(0).normal(0.93, error, 200_000)
    values = (values - values.mean()) * error / values.std() + 0.93
    low, high = interval_over_seeds(values, by_seed, [predictions(0.9, 0)]) or (0, 0)
    assert high - low == pytest.approx(2 * 2.776 * error, rel=0.02)


def test_an_auc_of_one_has_an_interval_below_one():
    perfect = replace(predictions(0.9, 0), probability=predictions(0.9, 0).truth.astype(float))
    low, high = interval_over_seeds(np.ones(50), np.ones(1), [perfect], auc=True) or (0, 0)
    assert 0.9 < low < 1
    assert high == 1


def test_models_of_different_films_are_refused():
    model = predictions(0.9, 0)
    other = replace(model, path=model.path[::-1])
    with pytest.raises(ValueError, match="different films"):
        aucs([model, other])


@pytest.mark.parametrize("spread", [0.05, 0.25])
def test_about_95_percent_of_the_intervals_hold_the_truth(spread):
    """Five seeds, 300 films; two recipes that differ in their mean by what an offset brings.

    Seeds differ in how far apart they put the classes, films in how hard they are for all, and each
    seed has its own opinion of each film.
    """
    studies, films, seeds, rng = 300, 300, 5, np.random.default_rng(5)
    truth = np.arange(films) < films // 2
    patients = tuple(f"p{row}" for row in range(films))
    base = predictions(0.9, 0).rows(np.arange(films))

    def recipe(shared: np.ndarray, offset: float, count: int) -> np.ndarray:
        apart = 1.7 + offset + rng.normal(0, spread, count)
        noise = rng.normal(0, 0.3, (count, len(shared)))
        return shared + apart[:, None] * (np.arange(len(shared)) < len(shared) // 2) + noise

    def truth_of(offset: float) -> float:
        many = recipe(rng.normal(size=60_000), offset, 40)
        sick = np.arange(60_000) < 30_000
        return float(np.mean([roc_auc_score(sick, scores) for scores in many]))

    lower, upper = truth_of(0), truth_of(0.2)
    held = np.zeros(2)
    for study in range(studies):
        shared = rng.normal(size=films)
        models = [
            replace(
                base,
                path=patients,
                patient=patients,
                label=tuple(np.where(truth, "PNEUMONIA", "NORMAL")),
                probability=scores,
            )
            for offset in (0, 0.2)
            for scores in recipe(shared, offset, seeds)
        ]
        draws = auc_draws(models, 200, seed=study)
        drawn = seed_draws(seeds, 200, np.random.default_rng(study))
        one, other = (mean_over_seeds(part, drawn) for part in (draws[:seeds], draws[seeds:]))
        by_seed = aucs(models).reshape(2, seeds)
        figures = (one, by_seed[0], lower), (other - one, by_seed[1] - by_seed[0], upper - lower)
        for row, (values, of_seeds, true) in enumerate(figures):
            low, high = interval_over_seeds(values, of_seeds, models) or (2, 2)
            held[row] += low <= true <= high
    assert (held / studies >= 0.92).all(), held / studies
