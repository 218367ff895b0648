"""Maps that make probabilities mean what they say."""

from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.special import expit
from sklearn.isotonic import IsotonicRegression

from radistill.metrics.reliability import log_odds
from radistill.schema.calibrated import CalibrationMap

Kind = Literal["none", "temperature", "isotonic"]
TEMPERATURES = (0.2, 20.0)
UNCALIBRATED = CalibrationMap()


def calibrate(chosen: CalibrationMap, probability: npt.ArrayLike) -> np.ndarray:
    """Calibrated probabilities, of the shape of `probability`, in [0, 1].

    A threshold is carried to the calibrated scale by the same map.
    """
    values = np.asarray(probability, dtype=np.float64)
    if chosen.kind == "temperature":
        return np.asarray(expit(log_odds(values) / chosen.temperature))
    if chosen.kind == "isotonic":
        return np.asarray(np.interp(values, chosen.x, chosen.y))
    return values


def calibrate_scores(chosen: CalibrationMap, scores: np.ndarray, positive: int) -> np.ndarray:
    """(N, classes) -> the same with class `positive` calibrated; the others share what is left."""
    if chosen.kind == "none":
        return scores
    after = calibrate(chosen, scores[:, positive])
    others = np.delete(scores, positive, axis=1)
    rest = (1 - after) / np.maximum(others.sum(axis=1), np.finfo(float).tiny)
    return np.insert(others * rest[:, None], positive, after, axis=1)


def steepest_slope(chosen: CalibrationMap) -> float:
    """The most that a difference of two probabilities grows by the map, 1 at least."""
    if chosen.kind == "isotonic":
        return max(1.0, float(np.max(np.diff(chosen.y) / np.diff(chosen.x))))
    return max(1.0, 1 / chosen.temperature)


def fit(kind: Kind, truth: np.ndarray, probability: np.ndarray) -> CalibrationMap:
    """The calibration of this kind with the least log loss on these films.

    truth: (N,) bool with both classes. probability: (N,) in [0, 1].
    """
    if kind == "temperature":
        return CalibrationMap(kind=kind, temperature=_temperature(truth, probability))
    if kind == "isotonic":
        x, y = _knots(truth, probability)
        return CalibrationMap(kind=kind, x=tuple(x.tolist()), y=tuple(y.tolist()))
    return UNCALIBRATED


def _temperature(truth: np.ndarray, probability: np.ndarray) -> float:
    odds = log_odds(probability)
    signed = np.where(truth, odds, -odds)

    def loss(log_temperature: float) -> float:
        return float(np.logaddexp(0, -signed / np.exp(log_temperature)).mean())

    least = minimize_scalar(loss, bounds=np.log(TEMPERATURES).tolist(), method="bounded")
    return float(np.exp(least.x))


def _knots(truth: np.ndarray, probability: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centred isotonic regression (Oron and Flournoy 2017): each pooled block becomes one knot.

    Plain isotonic regression is flat within a block, so films that the model ranks would tie, and
    it reaches 0 and 1, which no number of films can show. So block means are kept a pseudo-count
    away from both, and the ends of the map go half the way that is left.
    """
    order = np.argsort(probability, kind="stable")
    sorted_p = probability[order]
    level = IsotonicRegression(y_min=0, y_max=1).fit_transform(sorted_p, truth[order].astype(float))
    starts = np.flatnonzero(np.r_[True, np.diff(level) > 1e-12])
    count = np.diff(np.r_[starts, len(level)])
    x = np.add.reduceat(sorted_p, starts) / count
    margin = 1 / (len(truth) + 2)
    y = margin + level[starts] * (1 - 2 * margin)
    inside = (x > 0) & (x < 1)
    x, y = x[inside], y[inside]
    if not len(x):  # every probability is 0 or 1
        return np.array([0.0, 1.0]), np.array([margin, 1 - margin])
    return np.r_[0, x, 1], np.r_[y[0] / 2, y, (1 + y[-1]) / 2]
