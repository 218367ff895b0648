"""Maps that make probabilities mean what they say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit
from sklearn.isotonic import IsotonicRegression

from radistill.metrics.predictions import Predictions
from radistill.metrics.reliability import log_odds

Kind = Literal["none", "temperature", "isotonic"]
TEMPERATURES = (0.2, 20.0)


@dataclass(frozen=True)
class Calibration:
    """A strictly increasing map of the positive class's probability, so no rank changes.

    temperature: the log-odds are divided by it (Guo et al. 2017); with two classes this is a
    softmax of logits divided by it. x, y: knots of the isotonic map, linear between them.
    """

    kind: Kind = "none"
    temperature: float = 1.0
    x: tuple[float, ...] = ()
    y: tuple[float, ...] = ()

    def apply(self, probability: np.ndarray) -> np.ndarray:
        """Calibrated probabilities, of the shape of `probability`, in [0, 1].

        A threshold is carried to the calibrated scale by the same map.
        """
        values = np.asarray(probability, dtype=np.float64)
        if self.kind == "temperature":
            return np.asarray(expit(log_odds(values) / self.temperature))
        if self.kind == "isotonic":
            return np.asarray(np.interp(values, self.x, self.y))
        return values

    def told(self, p: Predictions) -> Predictions:
        """`p` as a model with this calibration tells it; other classes share what is left."""
        if self.kind == "none":
            return p
        after = self.apply(p.probability)
        scores = p.scores
        if scores is not None:
            index = p.classes.index(p.positive)
            others = np.delete(scores, index, axis=1)
            rest = (1 - after) / np.maximum(others.sum(axis=1), np.finfo(float).tiny)
            scores = np.insert(others * rest[:, None], index, after, axis=1)
        return replace(p, probability=after, scores=scores)

    @property
    def steepest(self) -> float:
        """The most that a difference of two probabilities grows by the map, 1 at least."""
        if self.kind == "isotonic":
            return max(1.0, float(np.max(np.diff(self.y) / np.diff(self.x))))
        return max(1.0, 1 / self.temperature)

    def to_json(self) -> dict[str, Any]:
        """Plain values; `from_json` reads them."""
        return asdict(self) | {"x": list(self.x), "y": list(self.y)}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Calibration:
        """Other keys of `values` are left alone."""
        return cls(values["kind"], values["temperature"], tuple(values["x"]), tuple(values["y"]))


UNCALIBRATED = Calibration()


def calibration_of(model: Mapping[str, Any]) -> Calibration:
    """The calibration chosen for a model of a comparison, or none."""
    found = model.get("calibration")
    return Calibration.from_json(found) if found else UNCALIBRATED


def fit(kind: Kind, truth: np.ndarray, probability: np.ndarray) -> Calibration:
    """The calibration of this kind with the least log loss on these films.

    truth: (N,) bool with both classes. probability: (N,) in [0, 1].
    """
    if kind == "temperature":
        return Calibration(kind, temperature=_temperature(truth, probability))
    if kind == "isotonic":
        x, y = _knots(truth, probability)
        return Calibration(kind, x=tuple(x.tolist()), y=tuple(y.tolist()))
    return Calibration()


def _temperature(truth: np.ndarray, probability: np.ndarray) -> float:
    odds = log_odds(probability)
    signed = np.where(truth, odds, -odds)

    def loss(log_temperature: float) -> float:
        return float(np.logaddexp(0, -signed / np.exp(log_temperature)).mean())

    found = minimize_scalar(loss, bounds=np.log(TEMPERATURES).tolist(), method="bounded")
    return float(np.exp(found.x))


def _knots(truth: np.ndarray, probability: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centred isotonic regression (Oron and Flournoy 2017): each pooled block becomes one knot.

    Plain isotonic regression is flat within a block, which would merge films that the model tells
    apart, and reaches 0 and 1, which no number of films can show; so block means are kept a
    pseudo-count away from both, and the ends of the map go half the way that is left.
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
    if not len(x):  # every film is told 0 or 1
        return np.array([0.0, 1.0]), np.array([margin, 1 - margin])
    return np.r_[0, x, 1], np.r_[y[0] / 2, y, (1 + y[-1]) / 2]
