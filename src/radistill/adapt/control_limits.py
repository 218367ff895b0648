"""How far a week's films may be from a reference by chance alone.

Every limit holds a week that is drawn from what the reference was drawn from with a chance of at
least 1 - alpha, films taken as independent. A reference is a sample itself, and its own chance is
part of the limit.
"""

from bisect import bisect_left
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.stats import binom, f, hypergeom, kstwo

STEPS = 40  # of the reference's quantiles, as a card has them
FEWEST = 20  # films of a week whose mean embedding is near enough to normal


@dataclass(frozen=True)
class Rate:
    """`count` of `films`; where `films` is None, a known share."""

    share: float
    films: int | None = None

    @property
    def count(self) -> int:
        return round(self.share * (self.films or 0))


def count_limits(rate: Rate, films: int, alpha: float) -> tuple[int, int]:
    """The fewest and most of a week's `films` that are within the limits.

    Exact: binomial for a known share, else hypergeometric given both counts (Fisher's exact test).
    """

    def above(count: int) -> float:  # or as many
        if rate.films is None:
            return float(binom.sf(count - 1, films, rate.share))
        return float(hypergeom.sf(count - 1, rate.films + films, rate.count + count, films))

    def below(count: int) -> float:  # or as few
        if rate.films is None:
            return float(binom.cdf(count, films, rate.share))
        return float(hypergeom.cdf(count, rate.films + films, rate.count + count, films))

    counts = range(films + 1)
    fewest = bisect_left(counts, True, key=lambda count: below(count) > alpha / 2)
    return fewest, bisect_left(counts, True, key=lambda count: above(count) <= alpha / 2) - 1


def quantiles_of(probability: np.ndarray) -> np.ndarray:
    """(N,) -> (41,): quantiles in steps of 2.5 %, with the digits that predictions are written."""
    quantiles: np.ndarray = np.quantile(probability, np.linspace(0, 1, STEPS + 1))
    return quantiles.round(6)


def score_distance(quantiles: np.ndarray, probability: np.ndarray) -> float:
    """The Kolmogorov-Smirnov distance of `probability`, (N,), at the inner `quantiles`, (41,)."""
    return share_distance(quantiles, counts_at(quantiles, probability) / len(probability))


def counts_at(quantiles: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """(41,), (N,) -> (2, 39): how many are up to, and how many below, each inner quantile."""
    scores = np.sort(probability)
    sides: tuple[Literal["right"], Literal["left"]] = ("right", "left")
    return np.stack([np.searchsorted(scores, quantiles[1:-1], side=side) for side in sides])


def share_distance(quantiles: np.ndarray, shares: np.ndarray) -> float:
    """The Kolmogorov-Smirnov distance, from `counts_at` as shares.

    Where a reference has one probability often, several quantiles are equal; of its distribution
    there only the ends are known, and the distance is from the nearer.
    """
    inner, (up_to, before) = quantiles[1:-1], shares
    share = np.arange(1, STEPS) / STEPS
    first = share[np.searchsorted(inner, inner, side="left")]
    last = share[np.searchsorted(inner, inner, side="right") - 1]
    return float(max((last - up_to).max(), (before - first).max(), 0.0))


def score_limit(reference: int, films: int, alpha: float) -> float:
    """The greatest distance between samples of `reference` and `films` probabilities.

    By the distribution of Kolmogorov's statistic, which holds whatever that of the scores is.
    """
    return float(kstwo.isf(alpha, max(1, round(reference * films / (reference + films)))))


@dataclass(frozen=True, eq=False)
class SketchMoments:
    """mean, (K,), and covariance, (K, K), of the sketches of `films` films."""

    mean: np.ndarray
    covariance: np.ndarray
    films: int

    @classmethod
    def of(cls, sketches: np.ndarray) -> "SketchMoments":
        """(N, K), N at least 2."""
        return cls(sketches.mean(axis=0), np.atleast_2d(np.cov(sketches.T, ddof=1)), len(sketches))


def mean_shift(reference: SketchMoments, week: SketchMoments) -> float:
    """Hotelling's two-sample T^2: how far the mean embedding has moved."""
    r, n = reference.films, week.films
    pooled = ((r - 1) * reference.covariance + (n - 1) * week.covariance) / (r + n - 2)
    moved = week.mean - reference.mean
    return float(r * n / (r + n) * moved @ np.linalg.pinv(pooled, hermitian=True) @ moved)


def shift_limit(components: int, reference: int, films: int, alpha: float) -> float:
    """The greatest T^2 of two samples of one normal distribution."""
    k, freedom = components, reference + films - components - 1
    return float(k * (reference + films - 2) / freedom * f.isf(alpha, k, freedom))
