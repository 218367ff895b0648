"""The classifiers, and how a setting, a calibration and a threshold are chosen for each.

Only training reports are used: all three come from folds within them, in which identical texts
stay together.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.feature_selection import SelectKBest, chi2
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import Pipeline

from radistill.metrics.thresholds import choose_threshold
from radistill.schema.labeller_file import PlattScaling, Setting

INNER_FOLDS = 5
Split = tuple[np.ndarray, np.ndarray]  # indices of training and test reports


def grid(
    bigrams: Sequence[bool], terms: Sequence[int | None], smoothing: Sequence[float]
) -> tuple[Setting, ...]:
    """All combinations of these values."""
    return tuple(
        Setting(bigrams=b, terms=t, smoothing=s) for b, t, s in product(bigrams, terms, smoothing)
    )


GRIDS = {
    "naive_bayes": grid((False, True), (100, 200, 500, None), (0.03, 0.1, 0.3, 1.0)),
    "logistic": grid((True,), (None,), (0.3, 1.0, 3.0)),
}


def classifier(kind: str, setting: Setting) -> Pipeline:
    """What follows the bag: selection of the terms with the largest chi-squared, then the model."""
    if kind == "naive_bayes":
        model = MultinomialNB(alpha=setting.smoothing)
    else:
        model = LogisticRegression(C=setting.smoothing, max_iter=2000)
    select = SelectKBest(chi2, k=setting.terms or "all")
    return Pipeline([("select", select), ("model", model)])


def fit(kind: str, setting: Setting, x: csr_matrix, truth: np.ndarray) -> Pipeline:
    """Train on a bag of words (N, V), with bigrams or without as the setting wants them."""
    with warnings.catch_warnings():  # a small collection has fewer terms than are asked for
        warnings.filterwarnings("ignore", message="k=.* is greater than n_features")
        return classifier(kind, setting).fit(x, truth)


def log_odds(model: Pipeline, x: csr_matrix) -> np.ndarray:
    """(N,) float64, of the positive class, not yet calibrated."""
    if hasattr(model[-1], "decision_function"):
        return np.asarray(model.decision_function(x))
    joint = model[-1].predict_joint_log_proba(model[:-1].transform(x))
    return np.asarray(joint[:, 1] - joint[:, 0])


def fit_platt(odds: np.ndarray, truth: np.ndarray) -> PlattScaling:
    """Logistic regression of the truth on log-odds of held-out reports, (N,) each."""
    scale = float(np.abs(odds).mean()) or 1.0
    model = LogisticRegression(C=10.0).fit((odds / scale)[:, None], truth)
    return PlattScaling(slope=float(model.coef_[0, 0]) / scale, offset=float(model.intercept_[0]))


def calibrate(scaling: PlattScaling, odds: np.ndarray) -> np.ndarray:
    """Log-odds (N,) -> probabilities."""
    scaled = np.clip(scaling.slope * odds + scaling.offset, -30, 30)
    return np.asarray(1 / (1 + np.exp(-scaled)))


@dataclass(frozen=True)
class FoldBags:
    """Bags of words of one split, with the vocabulary of the training reports.

    names: (V,) terms. x_train, x_test: (N, V) each.
    """

    names: np.ndarray
    x_train: csr_matrix
    x_test: csr_matrix

    def select(self, bigrams: bool) -> FoldBags:
        """With bigrams, or without."""
        return self if bigrams else self._single_words

    @cached_property
    def _single_words(self) -> FoldBags:
        single = np.array([" " not in name for name in self.names])
        return FoldBags(self.names[single], self.x_train[:, single], self.x_test[:, single])


def split(truth: np.ndarray, groups: np.ndarray, folds: int, seed: int) -> list[Split]:
    """Splits of N reports, stratified, identical texts together."""
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    return list(splitter.split(truth, truth, groups))


def fold_bags(features: Sequence[Sequence[str]], train: np.ndarray, test: np.ndarray) -> FoldBags:
    """Bags of the reports at the indices `train` and `test` of `features`."""
    bag = CountVectorizer(
        analyzer=list, binary=True, min_df=2
    )  # presence, of what two reports hold
    x_train = bag.fit_transform([features[i] for i in train])
    x_test = bag.transform([features[i] for i in test])
    return FoldBags(bag.get_feature_names_out(), x_train, x_test)


@dataclass(frozen=True)
class Chosen:
    """The setting of one kind of classifier with the best average precision on held-out folds."""

    setting: Setting
    average_precision: float
    calibration: PlattScaling
    threshold: float


def choose(
    kinds: Sequence[str],
    features: Sequence[Sequence[str]],
    truth: np.ndarray,
    groups: np.ndarray,
    seed: int,
    tick: Callable[[], None] = lambda: None,
) -> dict[str, Chosen]:
    """For each kind of classifier its best setting, by cross-validation within N reports.

    features: of each report. truth, groups: (N,). tick: called after each of INNER_FOLDS folds.
    """
    held_out = {(kind, s): np.zeros(len(truth)) for kind in kinds for s in GRIDS[kind]}
    for train, test in split(truth, groups, INNER_FOLDS, seed):
        bags = fold_bags(features, train, test)
        for (kind, setting), odds in held_out.items():
            x = bags.select(setting.bigrams)
            odds[test] = log_odds(fit(kind, setting, x.x_train, truth[train]), x.x_test)
        tick()
    return {kind: _best(truth, {s: held_out[kind, s] for s in GRIDS[kind]}) for kind in kinds}


def _best(truth: np.ndarray, held_out: dict[Setting, np.ndarray]) -> Chosen:
    precision = {s: float(average_precision_score(truth, odds)) for s, odds in held_out.items()}
    setting = max(precision, key=precision.__getitem__)
    odds = held_out[setting]
    calibration = fit_platt(odds, truth)
    threshold = choose_threshold(truth, calibrate(calibration, odds), "f1")
    return Chosen(setting, precision[setting], calibration, threshold)
