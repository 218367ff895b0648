"""Thresholds, chosen on validation and never on test, and what each of them gives."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from radistill.metrics.intervals import wilson
from radistill.metrics.predictions import Predictions
from radistill.schema.figures import Decided, FigureName, ThresholdRule
from radistill.schema.record import Interval

FALLBACK_THRESHOLD = 0.5


def choose_threshold(truth: np.ndarray, probability: np.ndarray, rule: str = "youden") -> float:
    """The threshold that `rule` picks on these films, which are to be validation films.

    truth: (N,) bool. probability: (N,) in [0, 1]. rule, one of:
    `youden`: the largest sensitivity + specificity - 1;
    `sensitivity=0.95`: the highest threshold that still finds this share of the positive films;
    `specificity=0.95`: the lowest threshold that still leaves this share of the others alone;
    `cost=5`: the least cost where a missed film costs 5 times a false alarm;
    `f1`: the largest F1;
    `fixed=0.5`: 0.5, whatever the films. Where validation films are much easier than those to come,
    as on the Kaggle set, the gap between its classes says little about where to cut.

    Every threshold between two neighbouring scores does the same, so the midpoint is taken: the
    farthest from either film. Among equals the most sensitive (lowest) wins, since a missed disease
    costs more than a false alarm; for a specificity that none reaches it is the highest. With
    one class only there is nothing to choose from and 0.5 is returned. Raises ValueError on another
    rule.
    """
    kind, _, number = rule.partition("=")
    if kind not in ("youden", "sensitivity", "specificity", "cost", "f1", "fixed"):
        raise ValueError(f"unknown rule '{rule}'")
    if kind == "fixed":
        return float(number)
    truth = np.asarray(truth, dtype=bool)
    positives, negatives = int(truth.sum()), int((~truth).sum())
    if positives == 0 or negatives == 0:
        return FALLBACK_THRESHOLD
    score, group = np.unique(probability, return_inverse=True)
    # Films called positive when cutting just below score[i], and above all scores if any threshold
    # does; whole numbers, so that ties are exact.
    cuts = len(score) + int(score[-1] < 1)
    tp = np.r_[np.bincount(group, weights=truth)[::-1].cumsum()[::-1], 0][:cuts].astype(int)
    fp = np.r_[np.bincount(group, weights=~truth)[::-1].cumsum()[::-1], 0][:cuts].astype(int)
    if kind == "youden":
        best = int(np.argmax(tp * negatives - fp * positives))
    elif kind == "sensitivity":
        best = int(np.flatnonzero(tp >= float(number) * positives - 1e-9)[-1])
    elif kind == "specificity":
        enough = np.flatnonzero(negatives - fp >= float(number) * negatives - 1e-9)
        best = int(enough[0]) if len(enough) else cuts - 1
    elif kind == "f1":
        best = int(np.argmax(2 * tp / (tp + fp + positives)))
    else:
        best = int(np.argmin(float(number) * (positives - tp) + fp))
    return _between(score, best)


def _between(score: np.ndarray, cut: int) -> float:
    upper = float(score[cut]) if cut < len(score) else 1.0
    lower = float(score[cut - 1]) if cut else 0.0
    middle = (lower + upper) / 2
    return middle if middle > lower else upper  # neighbouring floats have no midpoint


def operating_points(
    val: Predictions, test: Predictions, rules: Sequence[str]
) -> tuple[ThresholdRule, ...]:
    """What each rule's threshold, chosen on `val`, gives on `val` and on `test`.

    None where validation lacks a class.
    """
    if not val.truth.any() or val.truth.all():
        return ()
    thresholds = {rule: choose_threshold(val.truth, val.probability, rule) for rule in rules}
    return tuple(
        ThresholdRule(
            rule=rule,
            threshold=threshold,
            val=at_threshold(val, threshold),
            test=at_threshold(test, threshold),
        )
        for rule, threshold in thresholds.items()
    )


def at_threshold(p: Predictions, threshold: float) -> Decided:
    """`decided` of these films at `threshold`."""
    return decided(p.truth, p.probability >= threshold, p.patient)


def decided(truth: np.ndarray, called: np.ndarray, patient: Sequence[str]) -> Decided:
    """Sensitivity (recall), specificity, precision (PPV) and NPV, each with Wilson's interval.

    truth, called: (N,) bool. patient: N ids. A figure that the films do not determine is None, as a
    precision where nothing is called positive.
    """
    patients = np.asarray(patient, dtype=object)
    values: dict[str, float | Interval | None] = {}
    for name, (right, among) in proportions(truth, called).items():
        values[name] = float(right[among].mean()) if among.any() else None
        values[f"{name}_ci"] = wilson(right[among], patients[among]) if among.any() else None
    return Decided.model_validate({"called_positive": int(called.sum()), **values})


def proportions(
    truth: np.ndarray, called: np.ndarray
) -> dict[FigureName, tuple[np.ndarray, np.ndarray]]:
    """By figure: the films that count as right, and those that they are a share of, bool (N,)."""
    return {
        "recall": (called, truth),
        "specificity": (~called, ~truth),
        "precision": (truth, called),
        "npv": (~truth, ~called),
    }


def ppv_and_npv(
    recall: npt.ArrayLike, specificity: npt.ArrayLike, prevalence: float
) -> tuple[np.ndarray, np.ndarray]:
    """PPV and NPV by Bayes' rule where a share `prevalence` of the films is positive.

    recall, specificity: of any one shape, which both answers have; NaN where nothing would be
    called so.
    """
    recall, specificity = np.asarray(recall), np.asarray(specificity)
    tp, fp = recall * prevalence, (1 - specificity) * (1 - prevalence)
    tn, fn = specificity * (1 - prevalence), (1 - recall) * prevalence
    with np.errstate(invalid="ignore", divide="ignore"):
        return tp / (tp + fp), tn / (tn + fn)


def net_benefit(truth: np.ndarray, probability: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Net benefit at each risk threshold (Vickers and Elkin 2006).

    truth: (N,) bool. probability: (N,), calibrated. at: (K,) in [0, 1). Returns (K,): true
    positives less false positives weighed by the odds of the threshold, each a share of N.
    """
    truth = np.asarray(truth, dtype=bool)
    called = probability[None, :] >= at[:, None]
    tp, fp = (called & truth).mean(axis=1), (called & ~truth).mean(axis=1)
    return np.asarray(tp - fp * at / (1 - at))
