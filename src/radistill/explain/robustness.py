"""AUC and sensitivity on damaged films, against how badly they are damaged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from radistill.imaging.corruptions import DAMAGES, Damage
from radistill.metrics.paired import delong_variance
from radistill.metrics.predictions import Predictions
from radistill.metrics.thresholds import at_threshold
from radistill.progress import bar

BATCH = 64
MOST_FILMS = 624  # of the test split, spread evenly: a choice of films, never of settings

Score = Callable[[np.ndarray], np.ndarray]  # uint8 (N, S, S) -> probability of the positive, (N,)


def robustness(
    p: Predictions,
    threshold: float,
    squares: Callable[[np.ndarray], np.ndarray],
    score: Score,
    damages: Sequence[Damage] = DAMAGES,
) -> dict[str, Any]:
    """Figures of the films of `p` at every level of every damage, at the threshold as shipped.

    squares: rows of `p` -> uint8 (N, S, S). Returns `films`, how many were scored, and `curves`:
    name, unit, and points of level, auc with DeLong's interval, recall and specificity with
    Wilson's; the first point is the undamaged film. AUC is None where the films are of one class.
    """
    rows = np.unique(np.linspace(0, len(p) - 1, min(len(p), MOST_FILMS)).astype(int))
    films = p.rows(rows)
    jobs = [(damage, level) for damage in damages for level in damage.levels]
    plain = _point(films, threshold, _scored(rows, squares, score, lambda batch: batch))
    points: dict[str, list[dict[str, Any]]] = {d.name: [{"level": d.none} | plain] for d in damages}
    with bar() as progress:
        for damage, level in progress.track(jobs, description="Scoring damaged films"):
            told = _scored(rows, squares, score, lambda b, d=damage, v=level: d.to(b, v))  # type: ignore[misc]
            points[damage.name].append({"level": level} | _point(films, threshold, told))
    curves = [{"name": d.name, "unit": d.unit, "points": points[d.name]} for d in damages]
    return {"films": len(rows), "threshold": threshold, "curves": curves}


def _scored(
    rows: np.ndarray,
    squares: Callable[[np.ndarray], np.ndarray],
    score: Score,
    damage: Callable[[np.ndarray], np.ndarray],
) -> np.ndarray:
    starts = range(0, len(rows), BATCH)
    return np.concatenate([score(damage(squares(rows[i : i + BATCH]))) for i in starts])


def _point(films: Predictions, threshold: float, told: np.ndarray) -> dict[str, Any]:
    damaged = Predictions(films.path, films.patient, films.label, told, films.positive)
    truth = films.truth
    decided = at_threshold(damaged, threshold)
    point: dict[str, Any] = {"auc": None, "auc_ci": None}
    if truth.any() and not truth.all():
        auc = point["auc"] = float(roc_auc_score(truth, told))
        if min(truth.sum(), (~truth).sum()) >= 2:
            margin = norm.ppf(0.975) * np.sqrt(delong_variance(truth, told))
            point["auc_ci"] = [max(0.0, auc - margin), min(1.0, auc + margin)]
    return point | {k: decided[k] for k in ("recall", "recall_ci", "specificity", "specificity_ci")}


def weakest(found: dict[str, Any]) -> dict[str, Any] | None:
    """The damage and level with the lowest AUC, as name, level, auc; None if there is no AUC."""
    points = [
        {"name": curve["name"], "level": point["level"], "auc": point["auc"]}
        for curve in found["curves"]
        for point in curve["points"][1:]
        if point["auc"] is not None
    ]
    return min(points, key=lambda point: point["auc"], default=None)
