"""Figures of a classifier at one threshold."""

import numpy as np
from sklearn import metrics as sk

from radistill.metrics.reliability import expected_calibration_error, intercept, slope
from radistill.schema.figures import Confusion, PointFigures


def metrics(truth: np.ndarray, probability: np.ndarray, threshold: float) -> PointFigures:
    """All figures of N films.

    truth: (N,) bool, positive class. probability: (N,) in [0, 1], of the positive class. A film
    is called positive where probability >= threshold. docs/report.md explains each figure.

    A figure that the films do not determine is None: `auc` and `pr_auc` where one class is absent,
    `recall` (sensitivity) without positives, `specificity` without negatives, `precision` and `npv`
    where nothing is called positive, or negative, a likelihood ratio whose divisor is 0. Raises
    ValueError on N = 0.
    """
    truth = np.asarray(truth, dtype=bool)
    if truth.size == 0:
        raise ValueError("no films to score")
    called = probability >= threshold
    tn, fp, fn, tp = (int(n) for n in sk.confusion_matrix(truth, called, labels=[0, 1]).ravel())
    both = tp + fn > 0 and tn + fp > 0
    recall, specificity = _ratio(tp, tp + fn), _ratio(tn, tn + fp)
    return PointFigures(
        n=int(truth.size),
        auc=float(sk.roc_auc_score(truth, probability)) if both else None,
        pr_auc=float(sk.average_precision_score(truth, probability)) if both else None,
        accuracy=float(sk.accuracy_score(truth, called)),
        balanced_accuracy=float(sk.balanced_accuracy_score(truth, called)) if both else None,
        f1=float(sk.f1_score(truth, called, zero_division=0)),
        precision=_ratio(tp, tp + fp),
        npv=_ratio(tn, tn + fn),
        recall=recall,
        specificity=specificity,
        lr_positive=_ratio(recall, _rest(specificity)),
        lr_negative=_ratio(_rest(recall), specificity),
        mcc=float(sk.matthews_corrcoef(truth, called)) if both else None,
        brier=float(np.mean((probability - truth) ** 2)),
        log_loss=float(sk.log_loss(truth, probability, labels=[False, True])),
        ece=expected_calibration_error(truth, probability),
        ece_equal_mass=expected_calibration_error(truth, probability, equal_mass=True),
        calibration_slope=slope(truth, probability),
        calibration_intercept=intercept(truth, probability),
        prevalence=float(truth.mean()),
        confusion=Confusion(tn=tn, fp=fp, fn=fn, tp=tp),
        threshold=float(threshold),
    )


def _ratio(part: float | None, whole: float | None) -> float | None:
    return None if part is None or not whole else part / whole


def _rest(share: float | None) -> float | None:
    return None if share is None else 1 - share
