"""Are two models different, or one not much worse? Paired tests on the same films."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.stats import norm, rankdata
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar
from statsmodels.stats.multitest import multipletests

from radistill.schema.record import Interval


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
    v10, v01 = _placements(truth, np.stack([a, b]))
    auc_a, auc_b = (float(auc) for auc in v10.mean(axis=1))
    difference = auc_a - auc_b
    variance = _variance(v10[0] - v10[1], v01[0] - v01[1])
    return DeLong(auc_a, auc_b, difference, variance, _two_sided(difference, variance))


def delong_variance(truth: np.ndarray, probability: np.ndarray) -> float:
    """Variance of one AUC (DeLong et al. 1988), with two films of each class at least."""
    v10, v01 = _placements(truth, probability[None])
    return _variance(v10[0], v01[0])


def delong_interval(truth: np.ndarray, probability: np.ndarray, auc: float) -> Interval:
    """95 % interval of one AUC from its variance, cut at 0 and 1."""
    margin = float(norm.ppf(0.975) * np.sqrt(delong_variance(truth, probability)))
    return max(0.0, auc - margin), min(1.0, auc + margin)


def _placements(truth: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The share of the other class that each film is ranked rightly against.

    scores: (K, N) of K models. Returns (K, positives) and (K, negatives).
    """
    truth = np.asarray(truth, dtype=bool)
    m, n = int(truth.sum()), int((~truth).sum())
    if m < 2 or n < 2:
        raise ValueError("DeLong's test needs two films of each class")
    scores = scores.astype(np.float64)
    positive, negative = scores[:, truth], scores[:, ~truth]
    everyone = rankdata(np.hstack([positive, negative]), axis=1)
    v10 = (everyone[:, :m] - rankdata(positive, axis=1)) / n
    v01 = 1 - (everyone[:, m:] - rankdata(negative, axis=1)) / m
    return v10, v01


def _variance(v10: np.ndarray, v01: np.ndarray) -> float:
    return float(np.var(v10, ddof=1) / len(v10) + np.var(v01, ddof=1) / len(v01))


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


def not_inferior_p(difference: float, variance: float, margin: float) -> float:
    """One-sided p that a model is worse than another by `margin` or more (Blackwelder 1982).

    difference: the other's AUC less the model's, with its `variance`, as `delong` gives them. Small
    where the model is not inferior.
    """
    if variance < 1e-24:
        return 0.0 if difference < margin else 1.0
    return float(norm.cdf((difference - margin) / np.sqrt(variance)))


def holm(p: Sequence[float | None]) -> list[float | None]:
    """p-values corrected for their number (Holm 1979); None stays and does not count."""
    known = [value for value in p if value is not None]
    if not known:
        return list(p)
    corrected = iter(multipletests(known, method="holm")[1])
    return [None if value is None else float(next(corrected)) for value in p]
