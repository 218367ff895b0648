"""Figures of a classifier at one threshold."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn import metrics as sk

from radistill.metrics.reliability import expected_calibration_error, intercept, slope


def metrics(truth: np.ndarray, probability: np.ndarray, threshold: float) -> dict[str, Any]:
    """All figures of N films, as plain numbers ready for JSON.

    truth: (N,) bool, positive class. probability: (N,) in [0, 1], of the positive class. A film
    is called positive where probability >= threshold. docs/report.md explains each figure.

    What the films cannot tell is None: `auc` and `pr_auc` where one class is absent, `recall`
    (sensitivity) without positives, `specificity` without negatives, `precision` and `npv` where
    nothing is called positive, or negative, a likelihood ratio whose divisor is 0. Raises
    ValueError on N = 0.
    """
    truth = np.asarray(truth, dtype=bool)
    if truth.size == 0:
        raise ValueError("no films to score")
    called = probability >= threshold
    tn, fp, fn, tp = (int(n) for n in sk.confusion_matrix(truth, called, labels=[0, 1]).ravel())
    both = tp + fn > 0 and tn + fp > 0
    recall = tp / (tp + fn) if tp + fn else None
    specificity = tn / (tn + fp) if tn + fp else None
    return {
        "n": int(truth.size),
        "auc": float(sk.roc_auc_score(truth, probability)) if both else None,
        "pr_auc": float(sk.average_precision_score(truth, probability)) if both else None,
        "accuracy": float(sk.accuracy_score(truth, called)),
        "balanced_accuracy": float(sk.balanced_accuracy_score(truth, called)) if both else None,
        "f1": float(sk.f1_score(truth, called, zero_division=0)),
        "precision": tp / (tp + fp) if tp + fp else None,
        "npv": tn / (tn + fn) if tn + fn else None,
        "recall": recall,
        "specificity": specificity,
        **_likelihood_ratios(recall, specificity),
        "mcc": float(sk.matthews_corrcoef(truth, called)) if both else None,
        "brier": float(np.mean((probability - truth) ** 2)),
        "log_loss": float(sk.log_loss(truth, probability, labels=[False, True])),
        "ece": expected_calibration_error(truth, probability),
        "ece_equal_mass": expected_calibration_error(truth, probability, equal_mass=True),
        "calibration_slope": slope(truth, probability),
        "calibration_intercept": intercept(truth, probability),
        "prevalence": float(truth.mean()),
        "confusion": {"tn": tn, "fp": fp, "fn": fn, "tp": tp},
        "threshold": float(threshold),
    }


def _likelihood_ratios(recall: float | None, specificity: float | None) -> dict[str, float | None]:
    """How much a positive and a negative call change the odds of disease."""
    if recall is None or specificity is None:
        return {"lr_positive": None, "lr_negative": None}
    return {
        "lr_positive": recall / (1 - specificity) if specificity < 1 else None,
        "lr_negative": (1 - recall) / specificity if specificity > 0 else None,
    }


def class_metrics(
    label: np.ndarray, scores: np.ndarray, classes: tuple[str, ...]
) -> dict[str, dict[str, Any]]:
    """Each class against the rest, at the most probable class, and their means.

    label: (N,) str. scores: (N, C). Returns `classes` by name, `macro` (each class counts the
    same) and `weighted` (by its films); the means leave out figures that are None.
    """
    chosen = np.asarray(classes, dtype=object)[scores.argmax(axis=1)]
    found: dict[str, dict[str, Any]] = {}
    for i, name in enumerate(classes):
        truth, called = label == name, chosen == name
        with warnings.catch_warnings():  # a class without films is None below
            warnings.simplefilter("ignore")
            single = metrics(truth, scores[:, i], 0.5)
        at = metrics(truth, called.astype(float), 0.5)
        ranks = {key: single[key] for key in ("auc", "pr_auc")}
        calls = {key: at[key] for key in ("precision", "recall", "f1", "specificity", "npv")}
        found[name] = {"n": int(truth.sum()), **ranks, **calls}
    films = [entry["n"] for entry in found.values()]
    return {
        "classes": found,
        "macro": _mean(found, [1] * len(found)),
        "weighted": _mean(found, films),
    }


def _mean(found: dict[str, dict[str, Any]], weights: list[int]) -> dict[str, Any]:
    means: dict[str, Any] = {}
    for key in next(iter(found.values())):
        pairs = [
            (entry[key], weight)
            for entry, weight in zip(found.values(), weights, strict=True)
            if entry[key] is not None and weight and key != "n"
        ]
        if pairs:
            values, shares = zip(*pairs, strict=True)
            means[key] = float(np.average(values, weights=shares))
    return means


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
