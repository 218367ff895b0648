"""Figures of a classifier at one threshold, and the rule that picks the threshold."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from sklearn import metrics as sk

ECE_BINS = 15
FALLBACK_THRESHOLD = 0.5


def metrics(truth: np.ndarray, probability: np.ndarray, threshold: float) -> dict[str, Any]:
    """All figures of N films, as plain numbers ready for JSON.

    truth: (N,) bool, positive class. probability: (N,) in [0, 1], of the positive class. A film
    is called positive where probability >= threshold.

    What the films cannot tell is None: `auc` and `pr_auc` where one class is absent, `recall`
    (sensitivity) without positives, `specificity` without negatives. `precision` is 0 where
    nothing is called positive. `pr_auc` is average precision. `brier` is the mean squared error
    of the probability; `ece` see `expected_calibration_error`. Raises ValueError on N = 0.
    """
    truth = np.asarray(truth, dtype=bool)
    if truth.size == 0:
        raise ValueError("no films to score")
    called = probability >= threshold
    tn, fp, fn, tp = (int(n) for n in sk.confusion_matrix(truth, called, labels=[0, 1]).ravel())
    both = tp + fn > 0 and tn + fp > 0
    return {
        "n": int(truth.size),
        "auc": float(sk.roc_auc_score(truth, probability)) if both else None,
        "pr_auc": float(sk.average_precision_score(truth, probability)) if both else None,
        "accuracy": float(sk.accuracy_score(truth, called)),
        "f1": float(sk.f1_score(truth, called, zero_division=0)),
        "precision": float(sk.precision_score(truth, called, zero_division=0)),
        "recall": tp / (tp + fn) if tp + fn else None,
        "specificity": tn / (tn + fp) if tn + fp else None,
        "brier": float(np.mean((probability - truth) ** 2)),
        "ece": expected_calibration_error(truth, probability),
        "confusion": {"tn": tn, "fp": fp, "fn": fn, "tp": tp},
        "threshold": float(threshold),
    }


def expected_calibration_error(
    truth: np.ndarray, probability: np.ndarray, bins: int = ECE_BINS
) -> float:
    """Mean gap between predicted and observed frequency of the positive class, in [0, 1].

    Over `bins` equal-width bins of the probability of the positive class, each weighted by its
    films (Naeini et al. 2015; the binary form, not top-label confidence).
    """
    index = np.minimum((probability * bins).astype(int), bins - 1)
    gap = np.bincount(index, weights=probability - truth, minlength=bins)
    return float(np.abs(gap).sum() / len(truth))


def macro_auc(label: np.ndarray, scores: np.ndarray, classes: tuple[str, ...]) -> float | None:
    """Mean over classes of the one-against-rest AUC.

    label: (N,) str. scores: (N, C). Classes that no film or every film has are left out; None if
    none is left.
    """
    values = []
    for i, name in enumerate(classes):
        truth = label == name
        if truth.any() and not truth.all():
            values.append(float(sk.roc_auc_score(truth, scores[:, i])))
    return float(np.mean(values)) if values else None


def choose_threshold(
    truth: np.ndarray, probability: np.ndarray, rule: Literal["youden"] = "youden"
) -> float:
    """The threshold with the largest Youden index, sensitivity + specificity - 1.

    For use on validation, never on test. The index is the same for every threshold between two
    neighbouring scores, so the midpoint is taken: the farthest from either film. Among cuts of
    equal index the most sensitive (lowest) wins, since a missed disease costs more than a second
    look. With one class only there is nothing to choose from and 0.5 is returned.
    """
    if rule != "youden":
        raise ValueError(f"unknown rule '{rule}'")
    truth = np.asarray(truth, dtype=bool)
    positives, negatives = int(truth.sum()), int((~truth).sum())
    if positives == 0 or negatives == 0:
        return FALLBACK_THRESHOLD
    score, group = np.unique(probability, return_inverse=True)
    # Films called positive when cutting just below score[i]; whole numbers, so ties are exact.
    tp = np.bincount(group, weights=truth)[::-1].cumsum()[::-1].astype(int)
    fp = np.bincount(group, weights=~truth)[::-1].cumsum()[::-1].astype(int)
    best = int(np.argmax(tp * negatives - fp * positives))
    upper = float(score[best])
    lower = float(score[best - 1]) if best else 0.0
    middle = (lower + upper) / 2
    return middle if middle > lower else upper  # neighbouring floats have no midpoint
