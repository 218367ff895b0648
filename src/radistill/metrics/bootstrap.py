"""Every figure with its 95 % interval, from one set of resampled patients."""

from collections.abc import Mapping, Sequence

import numpy as np

from radistill.metrics.intervals import (
    flat_auc_interval,
    least_patients,
    mostly_defined,
    patient_weights,
    percentile_interval,
    tied_weights,
    too_few,
    weighted_auc,
    wilson,
)
from radistill.metrics.paired import delong_interval
from radistill.metrics.reliability import ECE_BINS, bin_index, weighted_intercept, weighted_slope
from radistill.metrics.thresholds import proportions
from radistill.schema.figures import FigureName
from radistill.schema.record import Interval

Draws = dict[str, np.ndarray]


def decisions(truth: np.ndarray, called: np.ndarray, weights: np.ndarray) -> Draws:
    """Figures of decisions under each row of film weights.

    truth, called: (N,) bool. weights: (R, N). Returns (R,) for each figure, NaN where undefined.
    """
    tp, fn = weights @ (truth & called), weights @ (truth & ~called)
    fp, tn = weights @ (~truth & called), weights @ (~truth & ~called)
    with np.errstate(invalid="ignore", divide="ignore"):
        recall, specificity = tp / (tp + fn), tn / (tn + fp)
        product = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
        return {
            "accuracy": (tp + tn) / (tp + tn + fp + fn),
            "balanced_accuracy": (recall + specificity) / 2,
            "f1": 2 * tp / (2 * tp + fp + fn),
            "precision": tp / (tp + fp),
            "npv": tn / (tn + fn),
            "recall": recall,
            "specificity": specificity,
            "lr_positive": _finite(recall / (1 - specificity)),
            "lr_negative": _finite((1 - recall) / specificity),
            "mcc": np.where(product > 0, (tp * tn - fp * fn) / np.sqrt(product), 0.0),
        }


def ranking(truth: np.ndarray, probability: np.ndarray, weights: np.ndarray) -> Draws:
    """AUC and PR-AUC (average precision) under each row of film weights."""
    up, down = tied_weights(truth, probability, weights)
    tp, fp = up[:, ::-1].cumsum(axis=1), down[:, ::-1].cumsum(axis=1)
    with np.errstate(invalid="ignore"):
        precision = np.where(tp + fp > 0, tp / (tp + fp), 0.0)
        pr_auc = (up[:, ::-1] * precision).sum(axis=1) / tp[:, -1]
    return {"auc": weighted_auc(truth, probability, weights), "pr_auc": pr_auc}


def fit_to_truth(truth: np.ndarray, probability: np.ndarray, weights: np.ndarray) -> Draws:
    """Brier score, log loss, calibration errors, slope and intercept under each row of weights."""
    total = weights.sum(axis=1)
    right = np.clip(np.where(truth, probability, 1 - probability), np.finfo(float).eps, 1)
    figures = {
        "brier": weights @ (probability - truth) ** 2 / total,
        "log_loss": weights @ -np.log(right) / total,
        "calibration_slope": weighted_slope(truth, probability, weights),
        "calibration_intercept": weighted_intercept(truth, probability, weights),
    }
    for name, equal_mass in (("ece", False), ("ece_equal_mass", True)):
        members = bin_index(probability, ECE_BINS, equal_mass=equal_mass)
        gaps = np.zeros((len(truth), ECE_BINS))
        gaps[np.arange(len(truth)), members] = probability - truth
        figures[name] = np.abs(weights @ gaps).sum(axis=1) / total
    return figures


def figure_draws(
    truth: np.ndarray,
    probability: np.ndarray,
    threshold: float,
    patients: Sequence[str],
    resamples: int,
    seed: int,
) -> Draws:
    """Every figure under `resamples` draws of patients, (R,) each.

    The draws depend on truth, patients and seed alone: two models on the same films get the same,
    so that their differences are paired.
    """
    blocks: list[Draws] = []
    for weights in patient_weights(truth, patients, resamples, seed):
        blocks.append(
            ranking(truth, probability, weights)
            | decisions(truth, probability >= threshold, weights)
            | fit_to_truth(truth, probability, weights)
        )
    return {key: np.concatenate([block[key] for block in blocks]) for key in blocks[0]}


def intervals(
    figures: Mapping[FigureName, float | None],
    truth: np.ndarray,
    probability: np.ndarray,
    threshold: float,
    patients: Sequence[str],
    draws: Draws,
) -> dict[FigureName, dict[str, Interval]]:
    """95 % intervals of figures at `threshold`, by name and by method.

    `bootstrap`: `percentile_interval` of `draws`. Calibration errors grow by resampling, so their
    lower end is that of the basic interval (Davison and Hinkley 1997, 5.2), cut at 0, while their
    upper end stays: the basic interval alone holds the truth too rarely. `wilson`: of proportions,
    see `wilson`. `delong`: of the AUC, from its variance, taking films as independent. Where every
    resample gives the same, as with no film called wrongly, there is no bootstrap interval, and of
    an AUC that of `newcombe` (`flat_auc_interval`). A figure that is None has none, and nor has any
    where there are fewer than ten patients.
    """
    if too_few(patients):
        return {}
    known = {name: value for name, value in figures.items() if value is not None}
    by_name: dict[FigureName, dict[str, Interval]] = {}
    for name, value in known.items():
        values = draws[name]
        if not mostly_defined(values):
            continue
        if np.ptp(values) == 0:  # all films agree: resampling shows no spread
            if name == "auc":
                by_name[name] = {"newcombe": flat_auc_interval(value, truth, patients)}
            continue
        low, high = percentile_interval(values, least_patients(truth, patients))
        if name.startswith("ece"):
            low = min(low, max(0.0, 2 * value - high))
        by_name[name] = {"bootstrap": (low, high)}
    called = probability >= threshold
    shares = proportions(truth, called)
    shares["accuracy"] = called == truth, np.ones_like(truth)
    for name, (right, among) in shares.items():
        if name in known and among.any():
            owners = np.asarray(patients, dtype=object)[among]
            by_name.setdefault(name, {})["wilson"] = wilson(right[among], owners)
    if "bootstrap" in by_name.get("auc", {}) and min(truth.sum(), (~truth).sum()) >= 2:
        by_name["auc"]["delong"] = delong_interval(truth, probability, known["auc"])
    return by_name


def shown_interval(methods: Mapping[str, Interval] | None) -> Interval | None:
    """The interval to show of a figure: Wilson's where there is one, else the bootstrap's.

    Newcombe's where an AUC is 1 or 0.
    """
    methods = methods or {}
    return next((methods[m] for m in ("wilson", "bootstrap", "newcombe") if m in methods), None)


def _finite(values: np.ndarray) -> np.ndarray:
    return np.where(np.isinf(values), np.nan, values)
