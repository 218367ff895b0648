"""The classifiers, their settings, and how one setting, a threshold and a calibration are chosen.

All of it looks at training reports only: settings, threshold and calibration come from folds
within them, in which identical texts stay together.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.feature_selection import SelectKBest, chi2
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.naive_bayes import ComplementNB, MultinomialNB
from sklearn.pipeline import Pipeline

from radistill.text.nlp.transformers import bag_of_words

INNER_FOLDS = 5
Setting = dict[str, Any]

_BAYES = {
    "bigrams": (False, True),
    "terms": (100, 200, 500, None),
    "smoothing": (0.03, 0.1, 0.3, 1.0),
}
GRIDS: dict[str, dict[str, tuple[Any, ...]]] = {
    "naive_bayes": _BAYES,
    # With two classes it ranks as multinomial naive Bayes does, prior aside: a short grid will do.
    "complement": _BAYES | {"terms": (200, None), "smoothing": (0.1, 1.0)},
    "logistic": {"bigrams": (True,), "terms": (None,), "smoothing": (0.3, 1.0, 3.0)},
}


def settings(kind: str, bigrams: bool = True) -> list[Setting]:
    """All settings of a kind of classifier; without `bigrams` those of single words."""
    grid = GRIDS[kind] | ({} if bigrams else {"bigrams": (False,)})
    return [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]


def classifier(kind: str, *, terms: int | None, smoothing: float) -> Pipeline:
    """What follows the bag: the `terms` features with the largest chi-squared, then the model.

    smoothing: alpha of naive Bayes; C, the inverse strength of the penalty, of logistic regression.
    """
    models = {
        "naive_bayes": lambda: MultinomialNB(alpha=smoothing),
        "complement": lambda: ComplementNB(alpha=smoothing),
        "logistic": lambda: LogisticRegression(C=smoothing, max_iter=2000),
    }
    return Pipeline([("select", SelectKBest(chi2, k=terms or "all")), ("model", models[kind]())])


def log_odds(model: Pipeline, x: csr_matrix) -> np.ndarray:
    """(N,) float64, of the positive class, not yet calibrated."""
    if hasattr(model[-1], "decision_function"):
        return np.asarray(model.decision_function(x))
    joint = model[-1].predict_joint_log_proba(model[:-1].transform(x))
    return np.asarray(joint[:, 1] - joint[:, 0])


@dataclass(frozen=True)
class Calibration:
    """probability = sigmoid(slope * log odds + offset) (Platt 1999)."""

    slope: float
    offset: float

    def __call__(self, score: np.ndarray) -> np.ndarray:
        return np.asarray(1 / (1 + np.exp(-np.clip(self.slope * score + self.offset, -30, 30))))

    @classmethod
    def fit(cls, score: np.ndarray, truth: np.ndarray) -> Calibration:
        scale = float(np.abs(score).mean()) or 1.0
        found = LogisticRegression(C=10.0).fit((score / scale)[:, None], truth)
        return cls(float(found.coef_[0, 0]) / scale, float(found.intercept_[0]))


def best_f1_threshold(truth: np.ndarray, probability: np.ndarray) -> float:
    """The threshold with the largest F1, halfway between the two reports it separates."""
    score = np.unique(probability)
    called = np.searchsorted(np.sort(probability), score)  # reports below each score
    hits = np.searchsorted(np.sort(probability[truth]), score)
    tp = truth.sum() - hits
    f1 = 2 * tp / np.maximum(len(truth) - called + truth.sum(), 1)
    best = int(np.argmax(f1))
    return float((score[best] + score[best - 1]) / 2) if best else float(score[0])


@dataclass(frozen=True)
class Chosen:
    """The setting with the best average precision on held-out folds."""

    kind: str
    setting: Setting
    average_precision: float
    calibration: Calibration
    threshold: float


@dataclass(frozen=True)
class Fold:
    """Bags of one split: with the vocabulary of `train`, (N, V) each, and which are bigrams."""

    train: np.ndarray
    test: np.ndarray
    x_train: csr_matrix
    x_test: csr_matrix
    single: np.ndarray

    def bags(self, bigrams: bool) -> tuple[csr_matrix, csr_matrix]:
        """(train, test), with bigrams or without."""
        return (self.x_train, self.x_test) if bigrams else self._words

    @cached_property
    def _words(self) -> tuple[csr_matrix, csr_matrix]:
        return self.x_train[:, self.single], self.x_test[:, self.single]


def splits(truth: np.ndarray, groups: np.ndarray, folds: int, seed: int) -> list[Any]:
    """(train, test) indices, stratified, identical texts together."""
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    return list(splitter.split(truth, truth, groups))


def make_folds(
    features: Sequence[Sequence[str]], rows: np.ndarray, parts: Sequence[Any]
) -> Iterator[Fold]:
    """Bags of the reports `rows`, a fold at a time; `parts` index into `rows`."""
    for train, test in parts:
        bag = bag_of_words(_as_is)
        x_train = bag.fit_transform([features[i] for i in rows[train]])
        x_test = bag.transform([features[i] for i in rows[test]])
        single = np.array([" " not in term for term in bag.get_feature_names_out()])
        yield Fold(train, test, x_train, x_test, single)


def _as_is(features: Sequence[str]) -> Sequence[str]:
    return features


def fit(kind: str, setting: Setting, x: csr_matrix, truth: np.ndarray) -> Pipeline:
    """Train on a bag that has the setting's words or bigrams already."""
    given = {key: value for key, value in setting.items() if key != "bigrams"}
    with few_terms():
        return classifier(kind, **given).fit(x, truth)


@contextmanager
def few_terms() -> Iterator[None]:
    """A small collection has fewer terms than are asked for: all of them are taken, in silence."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="k=.* is greater than n_features")
        yield


def choose(
    kinds: Sequence[str],
    features: Sequence[Sequence[str]],
    rows: np.ndarray,
    truth: np.ndarray,
    groups: np.ndarray,
    seed: int,
    *,
    bigrams: bool = True,
    tick: Callable[[], None] = lambda: None,
) -> dict[str, Chosen]:
    """For each kind of classifier its best setting, by cross-validation within `rows`.

    features: of all reports. rows: (N,) indices of the training reports. truth, groups: (N,).
    """
    wanted = [(kind, s) for kind in kinds for s in settings(kind, bigrams)]
    held_out = np.zeros((len(wanted), len(rows)))
    for fold in make_folds(features, rows, splits(truth, groups, INNER_FOLDS, seed)):
        for i, (kind, setting) in enumerate(wanted):
            x_train, x_test = fold.bags(setting["bigrams"])
            model = fit(kind, setting, x_train, truth[fold.train])
            held_out[i, fold.test] = log_odds(model, x_test)
        tick()
    precision = [float(average_precision_score(truth, score)) for score in held_out]
    found = {}
    for kind in kinds:
        i = max((i for i, (k, _) in enumerate(wanted) if k == kind), key=precision.__getitem__)
        calibration = Calibration.fit(held_out[i], truth)
        threshold = best_f1_threshold(truth, calibration(held_out[i]))
        found[kind] = Chosen(kind, wanted[i][1], precision[i], calibration, threshold)
    return found
