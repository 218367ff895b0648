"""AUC and sensitivity on corrupted films, by severity."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np
from sklearn.metrics import roc_auc_score

from radistill.imaging.corruptions import CORRUPTIONS, Corruption
from radistill.metrics.paired import delong_interval
from radistill.metrics.predictions import Predictions
from radistill.metrics.thresholds import at_threshold
from radistill.progress import bar
from radistill.schema.weak_points import CorruptionCurve, CorruptionPoint, Robustness

BATCH = 64
MOST_FILMS = 624  # of the test split, spread evenly: a choice of films, never of settings

Score = Callable[[np.ndarray], np.ndarray]  # uint8 (N, S, S) -> probability of the positive, (N,)


def robustness(
    p: Predictions,
    threshold: float,
    squares: Callable[[np.ndarray], np.ndarray],
    score: Score,
    corruptions: Sequence[Corruption] = CORRUPTIONS,
) -> Robustness:
    """Figures of the films of `p` at every level of every corruption, at the shipped threshold.

    squares: rows of `p` -> uint8 (N, S, S). The AUC has DeLong's interval, decisions have Wilson's;
    the first point of a curve is the film as it is. AUC is None where the films are of one class.
    """
    rows = np.unique(np.linspace(0, len(p) - 1, min(len(p), MOST_FILMS)).astype(int))
    films = p.rows(rows)

    def point(level: float, corrupt: Callable[[np.ndarray], np.ndarray]) -> CorruptionPoint:
        starts = range(0, len(rows), BATCH)
        scored = [score(corrupt(squares(rows[i : i + BATCH]))) for i in starts]
        return _point(films, level, threshold, np.concatenate(scored))

    plain = point(0, lambda batch: batch)
    points = {c.name: [plain.model_copy(update={"level": c.none})] for c in corruptions}
    jobs = [(kind, level) for kind in corruptions for level in kind.severities]
    with bar() as progress:
        for kind, level in progress.track(jobs, description="Scoring corrupted films"):
            points[kind.name].append(point(level, partial(kind.apply, severity=level)))
    return Robustness(
        films=len(rows),
        threshold=threshold,
        curves=tuple(
            CorruptionCurve(name=c.name, unit=c.unit, points=tuple(points[c.name]))
            for c in corruptions
        ),
    )


def _point(
    films: Predictions, level: float, threshold: float, probability: np.ndarray
) -> CorruptionPoint:
    truth = films.truth
    decided = at_threshold(replace(films, probability=probability), threshold)
    auc = auc_ci = None
    if truth.any() and not truth.all():
        auc = float(roc_auc_score(truth, probability))
        if min(truth.sum(), (~truth).sum()) >= 2:
            auc_ci = delong_interval(truth, probability, auc)
    return CorruptionPoint(
        level=level,
        auc=auc,
        auc_ci=auc_ci,
        recall=decided.recall,
        recall_ci=decided.recall_ci,
        specificity=decided.specificity,
        specificity_ci=decided.specificity_ci,
    )


class Weakest(NamedTuple):
    """The corruption and level with the lowest AUC."""

    name: str
    level: float
    auc: float


def weakest(robustness: Robustness) -> Weakest | None:
    """None if there is no AUC."""
    points = [
        Weakest(curve.name, point.level, point.auc)
        for curve in robustness.curves
        for point in curve.points[1:]
        if point.auc is not None
    ]
    return min(points, key=lambda point: point.auc, default=None)
