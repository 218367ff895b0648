"""Bootstrap over patients: films of one patient are drawn together, since they are alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

CELLS = 4_000_000  # films times resamples held in memory at once


def auc_interval(
    truth: np.ndarray,
    probability: np.ndarray,
    patients: Sequence[str],
    resamples: int,
    seed: int,
) -> tuple[float, float]:
    """95 % percentile interval of the AUC (Efron and Tibshirani 1993).

    truth: (N,) bool. probability: (N,). patients: N ids. Patients are drawn with replacement
    within their class (positive if any of their films is), so no resample lacks a class. Raises
    ValueError where one class is absent.
    """
    draws = [
        weighted_auc(truth, probability, weights)
        for weights in patient_weights(truth, patients, resamples, seed)
    ]
    return percentile_interval(np.concatenate(draws))


def percentile_interval(values: np.ndarray) -> tuple[float, float]:
    """The 2.5th and 97.5th percentile of bootstrap `values`, NaN left out."""
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return float(low), float(high)


def patient_weights(
    truth: np.ndarray, patients: Sequence[str], resamples: int, seed: int
) -> Iterator[np.ndarray]:
    """Yield blocks (R, N) of how often each film is drawn, `resamples` rows in all.

    Raises ValueError where one class is absent.
    """
    truth = np.asarray(truth, dtype=bool)
    if truth.all() or not truth.any():
        raise ValueError("an AUC needs films of both classes")
    _, owner = np.unique(np.asarray(patients, dtype=str), return_inverse=True)
    diseased = np.bincount(owner, weights=truth) > 0
    strata = [np.flatnonzero(diseased == value) for value in (False, True)]
    rng = np.random.default_rng(seed)
    block = max(1, CELLS // len(truth))
    for start in range(0, resamples, block):
        rows = min(block, resamples - start)
        drawn = np.zeros((rows, len(diseased)))
        for members in strata:
            if len(members):
                chance = np.full(len(members), 1 / len(members))
                drawn[:, members] = rng.multinomial(len(members), chance, size=rows)
        yield drawn[:, owner]


def weighted_auc(truth: np.ndarray, probability: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The AUC under each row of film weights.

    truth, probability: (N,). weights: (R, N). Returns (R,): the chance that a positive film
    scores above a negative one, ties counting half; NaN where a row has no weight on a class.
    """
    order = np.argsort(probability, kind="stable")
    score, positive = probability[order], np.asarray(truth, dtype=bool)[order]
    starts = np.flatnonzero(np.r_[True, score[1:] != score[:-1]])  # of runs of equal scores
    weights = weights[:, order]
    up = np.add.reduceat(weights * positive, starts, axis=1)
    down = np.add.reduceat(weights * ~positive, starts, axis=1)
    below = down.cumsum(axis=1) - down / 2
    with np.errstate(invalid="ignore"):
        wins = (up * below).sum(axis=1) / (up.sum(axis=1) * down.sum(axis=1))
    return np.asarray(wins)
