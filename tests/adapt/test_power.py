"""The predicted power against simulated studies through the tests that are used."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from radistill.adapt.power import (
    HALF,
    difference_error,
    films_for_gain,
    power_of_adapting,
    power_of_gain,
)
from radistill.metrics.paired import delong


def studies(
    before: float, after: float, films: int, prevalence: float, correlation: float, number: int
) -> tuple[np.ndarray, np.ndarray]:
    """Differences of AUC and their z of simulated studies."""
    rng = np.random.default_rng(0)
    shifts = np.sqrt(2) * norm.ppf([after, before])
    truth = np.arange(films) < round(films * prevalence)
    covariance = [[1, correlation], [correlation, 1]]
    differences, z = [], []
    for _ in range(number):
        scores = rng.multivariate_normal([0, 0], covariance, films) + truth[:, None] * shifts
        test = delong(truth, *scores.T)
        differences.append(test.difference)
        z.append(test.difference / np.sqrt(test.variance))
    return np.array(differences), np.array(z)


@pytest.mark.parametrize(
    ("before", "after", "films", "prevalence", "correlation"),
    [
        (0.80, 0.85, 100, 0.5, 0.5),
        (0.80, 0.85, 200, 0.3, 0.5),
        (0.80, 0.85, 400, 0.3, 0.0),
        (0.51, 0.60, 400, 0.2, 0.8),
        (0.80, 0.80, 200, 0.3, 0.5),
        (0.93, 0.96, 300, 0.1, 0.7),
    ],
)
def test_power_and_error_are_those_of_simulated_studies(
    before: float, after: float, films: int, prevalence: float, correlation: float
) -> None:
    differences, z = studies(before, after, films, prevalence, correlation, 1000)
    error = difference_error(before, after, films, prevalence, correlation)
    assert differences.std() == pytest.approx(error, rel=0.08)
    power = power_of_gain(before, after, films, prevalence, correlation)
    assert (z > norm.ppf(0.975)).mean() == pytest.approx(power, abs=0.05)


def test_films_for_a_gain_are_the_fewest() -> None:
    films = films_for_gain(0.8, 0.85, 0.3, 0.5, power=0.8)
    powers = [power_of_adapting(0.8, 0.85, n, 0.3, 0.5) for n in (films, films - 1)]
    assert powers[0] >= 0.8 > powers[1]


def test_more_films_and_closer_scores_show_more() -> None:
    powers = [power_of_gain(0.8, 0.85, films, 0.3, 0.5) for films in (100, 200, 400, 800)]
    assert powers == sorted(powers)
    assert power_of_gain(0.8, 0.85, 200, 0.3, 0.9) > power_of_gain(0.8, 0.85, 200, 0.3, 0.1)


def test_without_a_gain_an_interval_above_zero_is_chance() -> None:
    assert power_of_gain(0.8, 0.8, 300, 0.3, 0.5) == pytest.approx(0.025)


def test_a_head_reaches_its_gain_only_with_many_films() -> None:
    """Half of it at `HALF`, so adapting shows less there than films would show of a fixed model."""
    half = power_of_gain(0.8, 0.825, HALF, 0.3, 0.5)
    assert power_of_adapting(0.8, 0.85, HALF, 0.3, 0.5) == pytest.approx(half)
    assert power_of_adapting(0.8, 0.82, 1e6, 0.3) == pytest.approx(
        power_of_gain(0.8, 0.82, 1e6, 0.3)
    )
