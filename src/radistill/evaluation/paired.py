"""Are two models different? Paired tests on the same films."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.stats import norm, rankdata
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar

from radistill.evaluation.intervals import patient_weights, percentile_interval, weighted_auc


class DeLong(NamedTuple):
    """AUC of each model, `auc_a - auc_b`, the variance of that difference, two-sided p."""

    auc_a: float
    auc_b: float
    difference: float
    variance: float
    p: float


class McNemar(NamedTuple):
    """Films only one of the two models calls rightly, and the exact two-sided p."""

    only_a: int
    only_b: int
    p: float


def delong(truth: np.ndarray, a: np.ndarray, b: np.ndarray) -> DeLong:
    """Test of two correlated AUCs (DeLong et al. 1988) by midranks (Sun and Xu 2014).

    truth: (N,) bool. a, b: (N,) scores of two models on the same films. Takes films as
    independent; where a patient has several, the bootstrap over patients is the safer figure.
    Raises ValueError with fewer than two films of a class.
    """
    truth = np.asarray(truth, dtype=bool)
    m, n = int(truth.sum()), int((~truth).sum())
    if m < 2 or n < 2:
        raise ValueError("DeLong's test needs two films of each class")
    scores = np.stack([a, b]).astype(np.float64)
    positive, negative = scores[:, truth], scores[:, ~truth]
    everyone = rankdata(np.hstack([positive, negative]), axis=1)
    # Placements: the share of the other class that each film is ranked rightly against.
    v10 = (everyone[:, :m] - rankdata(positive, axis=1)) / n
    v01 = 1 - (everyone[:, m:] - rankdata(negative, axis=1)) / m
    auc_a, auc_b = (float(auc) for auc in v10.mean(axis=1))
    difference = auc_a - auc_b
    variance = float(np.var(v10[0] - v10[1], ddof=1) / m + np.var(v01[0] - v01[1], ddof=1) / n)
    return DeLong(auc_a, auc_b, difference, variance, _two_sided(difference, variance))


def _two_sided(difference: float, variance: float) -> float:
    if abs(difference) < 1e-12:  # rounding, not a difference
        return 1.0
    if variance < 1e-24:
        return 0.0
    return float(2 * norm.sf(abs(difference) / np.sqrt(variance)))


def mcnemar(truth: np.ndarray, called_a: np.ndarray, called_b: np.ndarray) -> McNemar:
    """Exact McNemar test on the decisions of two models, (N,) bool each."""
    right_a = np.asarray(called_a, dtype=bool) == truth
    right_b = np.asarray(called_b, dtype=bool) == truth
    only_a, only_b = int((right_a & ~right_b).sum()), int((right_b & ~right_a).sum())
    table = [[int((right_a & right_b).sum()), only_a], [only_b, int((~right_a & ~right_b).sum())]]
    return McNemar(only_a, only_b, float(statsmodels_mcnemar(table, exact=True).pvalue))


def auc_difference_interval(
    truth: np.ndarray,
    a: np.ndarray,
    b: np.ndarray,
    patients: Sequence[str],
    resamples: int,
    seed: int,
) -> tuple[float, float]:
    """95 % percentile interval of AUC(a) - AUC(b), both on the same resampled patients.

    Raises ValueError where one class is absent.
    """
    draws = [
        weighted_auc(truth, a, weights) - weighted_auc(truth, b, weights)
        for weights in patient_weights(truth, patients, resamples, seed)
    ]
    return percentile_interval(np.concatenate(draws))
