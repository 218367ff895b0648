"""Limits hold what chance gives as often as they say, and not much more."""

from __future__ import annotations

import time

import numpy as np
import pytest
from scipy.stats import binom, ks_2samp

from radistill.adapt.control_limits import (
    Rate,
    SketchMoments,
    count_limits,
    mean_shift,
    quantiles_of,
    score_distance,
    score_limit,
    shift_limit,
)

TRIALS = 4000


def at_most(alpha: float, trials: int = TRIALS) -> float:
    """What a rate of alpha stays below in `trials`, but once in ten thousand."""
    return float(binom.isf(1e-4, trials, alpha)) / trials


@pytest.mark.parametrize("share", [0.0, 0.01, 0.2, 1.0])
@pytest.mark.parametrize("films", [1, 40, 500])
def test_limits_of_a_known_share_are_the_exact_binomial_ones(share: float, films: int) -> None:
    low, high = count_limits(Rate(share), films, 0.05)
    assert binom.sf(high, films, share) <= 0.025
    assert binom.cdf(low - 1, films, share) <= 0.025
    assert high == 0 or binom.sf(high - 1, films, share) > 0.025
    assert low == films or binom.cdf(low, films, share) > 0.025


@pytest.mark.parametrize(("share", "reference"), [(0.01, 500), (0.3, 60), (0.5, 2000)])
def test_limits_hold_the_chance_of_the_reference_too(share: float, reference: int) -> None:
    rng = np.random.default_rng(0)
    first = rng.binomial(reference, share, TRIALS) / reference
    weeks = rng.binomial(100, share, TRIALS)
    limits = {count: count_limits(Rate(count, reference), 100, 0.05) for count in set(first)}
    outside = [not limits[a][0] <= b <= limits[a][1] for a, b in zip(first, weeks, strict=True)]
    assert np.mean(outside) <= at_most(0.05)


def test_limits_of_a_hundred_thousand_films_take_no_seconds() -> None:
    """A monitor needs some of each week."""
    start = time.process_time()
    low, high = count_limits(Rate(0.01, 100_000), 100_000, 0.001)
    assert time.process_time() - start < 1
    assert 800 < low < 1000 < high < 1200


def test_the_distance_is_kolmogorovs_at_the_quantiles() -> None:
    rng = np.random.default_rng(0)
    known, week = rng.random(2001), rng.random(300) ** 2
    distance = score_distance(quantiles_of(known), week)
    assert distance == pytest.approx(ks_2samp(known, week).statistic, abs=0.03)
    assert score_distance(quantiles_of(known), known) < 0.001


def test_equal_quantiles_are_no_distance() -> None:
    """A calibration may give half of all films one probability."""
    rng = np.random.default_rng(0)
    known = np.where(rng.random(1000) < 0.5, 0.9, rng.random(1000))
    week = np.where(rng.random(1000) < 0.5, 0.9, rng.random(1000))
    assert score_distance(quantiles_of(known), week) < score_limit(1000, 1000, 0.01)
    assert score_distance(quantiles_of(known), np.full(50, 0.9)) > score_limit(1000, 50, 0.01)


@pytest.mark.parametrize(("reference", "films"), [(600, 100), (100, 100), (600, 15)])
def test_scores_of_one_distribution_are_within_the_limit(reference: int, films: int) -> None:
    rng = np.random.default_rng(0)
    limit = score_limit(reference, films, 0.05)
    outside = [
        score_distance(quantiles_of(rng.random(reference)), rng.random(films)) > limit
        for _ in range(TRIALS)
    ]
    assert 0.002 < np.mean(outside) <= at_most(0.05)


@pytest.mark.parametrize(("reference", "films", "alpha"), [(500, 100, 0.05), (60, 30, 0.01)])
def test_embeddings_of_one_distribution_are_within_the_limit(
    reference: int, films: int, alpha: float
) -> None:
    rng = np.random.default_rng(0)
    mixed = rng.normal(size=(8, 8))
    limit = shift_limit(8, reference, films, alpha)
    outside = [
        mean_shift(
            SketchMoments.of(rng.normal(size=(reference, 8)) @ mixed),
            SketchMoments.of(rng.normal(size=(films, 8)) @ mixed),
        )
        > limit
        for _ in range(TRIALS)
    ]
    assert alpha / 2 < np.mean(outside) <= at_most(alpha)
