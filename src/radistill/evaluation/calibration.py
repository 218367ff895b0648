"""Probabilities that mean what they say: fitted and chosen on validation, by patient."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedGroupKFold

from radistill.evaluation.predictions import Predictions
from radistill.evaluation.reliability import log_odds

Kind = Literal["none", "temperature", "isotonic"]
KINDS: tuple[Kind, ...] = ("none", "temperature", "isotonic")
FOLDS = 5
FEWEST_PATIENTS = 10  # of each class, to calibrate at all
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

    def to_json(self) -> dict[str, Any]:
        """Plain values; `from_json` reads them."""
        return asdict(self) | {"x": list(self.x), "y": list(self.y)}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Calibration:
        """Other keys of `values` are left alone."""
        return cls(values["kind"], values["temperature"], tuple(values["x"]), tuple(values["y"]))


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


def choose_calibration(val: Predictions, seed: int) -> tuple[Calibration, dict[str, Any]]:
    """The kind with the least cross-validated log loss on validation, fitted to all of it.

    Returns it with the log loss of each kind, over folds that keep a patient's films together.
    Where a class has fewer than ten patients there is no calibration, and `reason` says so.
    """
    truth = val.truth
    patients = np.asarray(val.patient, dtype=str)
    fewest = min(len(set(patients[truth])), len(set(patients[~truth])))
    if fewest < FEWEST_PATIENTS:
        reason = f"validation has {fewest} patients of a class, fewer than {FEWEST_PATIENTS}"
        return Calibration(), {"cv_log_loss": None, "reason": reason}
    loss = {kind: _cross_validated(kind, val, patients, seed) for kind in KINDS}
    best = min(KINDS, key=lambda kind: loss[kind])
    reason = f"least log loss in {FOLDS}-fold cross-validation by patient on validation"
    return fit(best, truth, val.probability), {"cv_log_loss": loss, "reason": reason}


def _cross_validated(kind: Kind, val: Predictions, patients: np.ndarray, seed: int) -> float:
    truth, told = val.truth, np.empty(len(val))
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    for fitted, held in folds.split(told, truth, patients):
        told[held] = fit(kind, truth[fitted], val.probability[fitted]).apply(val.probability[held])
    return float(log_loss(truth, told, labels=[0, 1]))


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
