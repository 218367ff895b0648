"""Scores of labellers on reports that they have not seen, by nested cross-validation."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from radistill.metrics.thresholds import choose_threshold
from radistill.schema.labeller_figures import FoldSetting
from radistill.text.labeller.learn import calibrate, choose, fit, fold_bags, log_odds, split

FOLDS = 5
KINDS = ("naive_bayes", "logistic")


@dataclass
class HeldOutScores:
    """One labeller on N reports, each scored by a model that never saw its text.

    probability, called: (N,). thresholds, settings: of each fold.
    """

    probability: np.ndarray
    called: np.ndarray
    thresholds: list[float] = field(default_factory=list)
    settings: list[FoldSetting] = field(default_factory=list)

    def fill(self, test: np.ndarray, p: np.ndarray, threshold: float, used: FoldSetting) -> None:
        """Enter the probabilities of the reports `test` of one fold."""
        self.probability[test], self.called[test] = p, p >= threshold
        self.thresholds.append(threshold)
        self.settings.append(used)


def crossvalidate(
    features: Sequence[Sequence[str]],
    rules: np.ndarray,
    truth: np.ndarray,
    groups: np.ndarray,
    seed: int,
    *,
    kinds: Sequence[str] = KINDS,
    tick: Callable[[], None] = lambda: None,
) -> dict[str, HeldOutScores]:
    """Scores of the `kinds`, of `best` and of `rules`, on the same folds.

    features: of each report. rules: (N,) score of the keywords. truth: (N,) bool. groups: (N,),
    the same for identical texts. In each fold setting, calibration and threshold are chosen on
    its training reports alone; `best` is the kind with the highest average precision there. The
    rules have no setting; their threshold is chosen in the same way.
    """
    n = len(truth)
    scores = {
        name: HeldOutScores(np.zeros(n), np.zeros(n, dtype=bool))
        for name in (*kinds, "best", "rules")
    }
    for train, test in split(truth, groups, FOLDS, seed):
        seen = [features[i] for i in train]
        chosen = choose(kinds, seen, truth[train], groups[train], seed, tick)
        best = max(kinds, key=lambda kind: chosen[kind].average_precision)
        bags = fold_bags(features, train, test)
        for kind, choice in chosen.items():
            x = bags.select(choice.setting.bigrams)
            odds = log_odds(fit(kind, choice.setting, x.x_train, truth[train]), x.x_test)
            p = calibrate(choice.calibration, odds)
            used = FoldSetting(kind=kind, **choice.setting.model_dump())
            scores[kind].fill(test, p, choice.threshold, used)
            if kind == best:
                scores["best"].fill(test, p, choice.threshold, used)
        threshold = choose_threshold(truth[train], rules[train], "f1")
        scores["rules"].fill(test, rules[test], threshold, FoldSetting(kind="rules"))
    return scores
