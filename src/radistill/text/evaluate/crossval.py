"""How good the labellers are on reports they have not seen: nested cross-validation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from radistill.text.labeller.learn import (
    Setting,
    best_f1_threshold,
    choose,
    fit,
    log_odds,
    make_folds,
    splits,
)

FOLDS = 5
KINDS = ("naive_bayes", "complement", "logistic")


@dataclass
class Scored:
    """One labeller on all reports, each scored by a model that never saw its text.

    probability, called: (N,). thresholds: of each fold. settings: what was chosen in each fold.
    """

    probability: np.ndarray
    called: np.ndarray
    thresholds: list[float] = field(default_factory=list)
    settings: list[Setting] = field(default_factory=list)

    @classmethod
    def empty(cls, n: int) -> Scored:
        return cls(np.zeros(n), np.zeros(n, dtype=bool))

    def put(self, test: np.ndarray, p: np.ndarray, threshold: float, setting: Setting) -> None:
        self.probability[test], self.called[test] = p, p >= threshold
        self.thresholds.append(threshold)
        self.settings.append(setting)


def crossvalidate(
    features: Sequence[Sequence[str]],
    rules: np.ndarray,
    truth: np.ndarray,
    groups: np.ndarray,
    seed: int,
    *,
    kinds: Sequence[str] = KINDS,
    bigrams: bool = True,
    tick: Callable[[], None] = lambda: None,
) -> dict[str, Scored]:
    """`naive_bayes`, the other `kinds`, `best` and `rules`, on the same folds.

    features: of each report. rules: (N,) score of the keywords. truth: (N,) bool. groups: (N,),
    the same for identical texts. In each fold setting, calibration and threshold are chosen on
    its training reports alone; `best` is the kind with the highest average precision there. The
    rules have no setting; their threshold is chosen in the same way.
    """
    n = len(truth)
    scored = {name: Scored.empty(n) for name in (*kinds, "best", "rules")}
    for fold in make_folds(features, np.arange(n), splits(truth, groups, FOLDS, seed)):
        inner = choose(
            kinds, features, fold.train, truth[fold.train], groups[fold.train], seed,
            bigrams=bigrams, tick=tick,
        )  # fmt: skip
        first = max(inner.values(), key=lambda found: found.average_precision)
        for kind, found in inner.items():
            x_train, x_test = fold.bags(found.setting["bigrams"])
            model = fit(kind, found.setting, x_train, truth[fold.train])
            p = found.calibration(log_odds(model, x_test))
            setting = {"kind": kind, **found.setting}
            scored[kind].put(fold.test, p, found.threshold, setting)
            if found is first:
                scored["best"].put(fold.test, p, found.threshold, setting)
        threshold = best_f1_threshold(truth[fold.train], rules[fold.train])
        scored["rules"].put(fold.test, rules[fold.test], threshold, {"kind": "rules"})
    return scored
