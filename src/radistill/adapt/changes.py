"""The changes that local films may make to a model, from the least to the greatest.

Each is fitted on some films and says the log-odds of others, so that outer folds can judge it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import onnx
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedGroupKFold

INNER_FOLDS = 4
REGULARISATIONS = (1e-4, 1e-3, 1e-2, 1e-1)  # scikit-learn's C, of standardised features
SLOPES = (0.02, 20.0)
OWN = 30.0  # deviation of the model's own logits; their penalty is a thousandth of a feature's
KEPT = 0.99  # of the variance of the features
FLAT, EDGE = 1e-8, 1e-12


@dataclass(frozen=True, eq=False)
class LocalScores:
    """What the model says of the local films, and what is known of them.

    truth: (N,) bool. patients: (N,) ids. odds: (N,), the model's log-odds. threshold: the model's,
    in log-odds. embeddings: by name (N, D); the first name is the least change. directions: by name
    (D, K), the differences of the model's own logits as weights on that embedding, if it has them.
    """

    truth: np.ndarray
    patients: np.ndarray
    odds: np.ndarray
    threshold: float
    embeddings: Mapping[str, np.ndarray]
    directions: Mapping[str, np.ndarray] = field(default_factory=dict)

    def folds(self, rows: np.ndarray, count: int, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
        """`count` pairs (rows to fit on, rows held out) of `rows`, by patient and class."""
        split = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
        truth, patients = self.truth[rows], self.patients[rows]
        return [(rows[fit], rows[held]) for fit, held in split.split(rows, truth, patients)]


class Calibrated(NamedTuple):
    """log-odds -> slope * log-odds + intercept."""

    slope: float
    intercept: float

    def __call__(self, odds: np.ndarray) -> np.ndarray:
        return np.asarray(self.slope * odds + self.intercept)


class LocalHead(NamedTuple):
    """A linear head on the embedding of this name: weight (D,), bias, and how it was fitted."""

    embedding: str
    weight: np.ndarray
    bias: float
    regularisation: float

    def odds(self, local: LocalScores, rows: np.ndarray) -> np.ndarray:
        values: np.ndarray = local.embeddings[self.embedding][rows] @ self.weight + self.bias
        return values

    @property
    def settings(self) -> str:
        return f"embedding {self.embedding}, C = {self.regularisation:g}"


class TunedNetwork(NamedTuple):
    """A network trained under a head: its ONNX graph, the head, log-odds (N,) of all films."""

    graph: onnx.ModelProto
    head: LocalHead
    odds: np.ndarray


def fit_calibration(truth: np.ndarray, odds: np.ndarray, *, intercept: bool) -> Calibrated:
    """The slope, and the intercept if wanted, of least log loss (Cox 1958; Platt 1999).

    The slope stays positive, so no rank changes.
    """
    signs = np.where(truth, 1.0, -1.0)

    def loss(parameters: np.ndarray) -> float:
        moved = np.exp(parameters[0]) * odds + (parameters[1] if intercept else 0.0)
        return float(np.logaddexp(0, -signs * moved).mean())

    bounds = [np.log(SLOPES), (-30, 30)] if intercept else [np.log(SLOPES)]
    start = np.zeros(len(bounds))
    best = minimize(loss, start, bounds=bounds, method="L-BFGS-B").x
    return Calibrated(float(np.exp(best[0])), float(best[1]) if intercept else 0.0)


def fit_head(local: LocalScores, rows: np.ndarray, seed: int) -> LocalHead:
    """Embedding and regularisation of least log loss on inner folds, then fitted to all `rows`.

    What the model's own head says is hardly penalised, so that the new one starts from it.
    """
    truth = local.truth[rows]
    inner = [
        (np.searchsorted(rows, fit), np.searchsorted(rows, held))
        for fit, held in local.folds(rows, inner_folds(local, rows), seed)
    ]
    tried: list[tuple[float, str, float]] = []
    components = {
        name: Components.of(x[rows].astype(np.float64), local.directions.get(name))
        for name, x in local.embeddings.items()
    }
    for name, known in components.items():
        for c in REGULARISATIONS:
            odds = np.empty(len(rows))
            for fit, held in inner:
                model = _logistic(known.values[fit], truth[fit], c)
                odds[held] = model.decision_function(known.values[held])
            loss = log_loss(truth, np.clip(expit(odds), EDGE, 1 - EDGE))
            tried.append((float(loss), name, c))
    _, name, c = min(tried, key=lambda one: one[0])
    model = _logistic(components[name].values, truth, c)
    weight, bias = components[name].unfold(model.coef_[0], float(model.intercept_[0]))
    return LocalHead(name, weight, bias, c)


class Components(NamedTuple):
    """Principal components of standardised features that hold `KEPT` of their variance.

    The penalty of a head is the same on them as on the features, and there are far fewer. values:
    (N, K), the model's own logits among them. basis: (D, K), of which the values are products with
    the features but for a constant. offset: (K,), that constant.
    """

    values: np.ndarray
    basis: np.ndarray
    offset: np.ndarray

    @classmethod
    def of(cls, x: np.ndarray, directions: np.ndarray | None = None) -> "Components":
        """x: (N, D). directions: (D, K) as of `LocalScores`."""
        mean, deviation = x.mean(axis=0), x.std(axis=0)
        deviation = np.where(deviation > FLAT, deviation, 1.0)
        standard = (x - mean) / deviation
        variances, vectors = np.linalg.eigh(standard @ standard.T)  # fewer films than features
        variances, vectors = np.maximum(variances[::-1], 0), vectors[:, ::-1]
        kept = int(np.searchsorted(np.cumsum(variances) / variances.sum(), KEPT)) + 1
        basis = standard.T @ (vectors[:, :kept] / np.sqrt(variances[:kept])) / deviation[:, None]
        if directions is not None:
            spread = (x @ directions).std(axis=0)
            own = directions * (OWN / np.where(spread > FLAT, spread, OWN))
            basis = np.concatenate([basis, own], axis=1)
        return cls((x - mean) @ basis, basis, -mean @ basis)

    def unfold(self, weight: np.ndarray, bias: float) -> tuple[np.ndarray, float]:
        """A head on the components as one on the features: (D,) and bias."""
        return self.basis @ weight, bias + float(self.offset @ weight)


def inner_folds(local: LocalScores, rows: np.ndarray) -> int:
    """As many as the patients of the smaller class allow, at most `INNER_FOLDS`."""
    truth, patients = local.truth[rows], local.patients[rows]
    least = min(len(set(patients[truth])), len(set(patients[~truth])))
    return max(2, min(INNER_FOLDS, least))


def _logistic(x: np.ndarray, truth: np.ndarray, c: float) -> LogisticRegression:
    return LogisticRegression(C=c, solver="newton-cholesky", max_iter=100).fit(x, truth)
