"""Each class against the rest, where there are more than two, and their means."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence

import numpy as np
from sklearn.metrics import roc_auc_score

from radistill.config import EvaluationConfig
from radistill.metrics.bootstrap import decisions, ranking
from radistill.metrics.intervals import (
    least_patients,
    mostly_defined,
    patient_weights,
    percentile_interval,
    too_few,
)
from radistill.metrics.metrics import metrics
from radistill.metrics.predictions import Predictions
from radistill.schema.figures import ByClass, ClassFigures, ClassMeans
from radistill.schema.record import Interval

AVERAGED = ("auc", "pr_auc", "precision", "recall", "f1", "specificity", "npv")


def by_class(p: Predictions, config: EvaluationConfig, seed: int) -> ByClass:
    """Figures of each class at the most probable class; p.scores must be there.

    Means leave out figures that are None. The macro mean has bootstrap intervals over patients, but
    for figures that many a resample leaves undefined.
    """
    assert p.scores is not None
    label = np.array(p.label, dtype=object)
    chosen = np.asarray(p.classes, dtype=object)[p.scores.argmax(axis=1)]
    classes = {
        name: _against_the_rest(label == name, p.scores[:, i], chosen == name)
        for i, name in enumerate(p.classes)
    }
    macro = _means(classes, [1] * len(classes))
    ends = {
        f"{key}_ci": ci for key, ci in _macro_intervals(p, config, seed).items() if key in macro
    }
    return ByClass(
        classes=classes,
        macro=ClassMeans(**macro, **ends),
        weighted=ClassMeans(**_means(classes, [one.n for one in classes.values()])),
    )


def _against_the_rest(truth: np.ndarray, score: np.ndarray, called: np.ndarray) -> ClassFigures:
    with warnings.catch_warnings():  # a class without films has no figures of its own
        warnings.simplefilter("ignore")
        ranked = metrics(truth, score, 0.5)
    decided = metrics(truth, called.astype(float), 0.5)
    return ClassFigures(
        n=int(truth.sum()),
        auc=ranked.auc,
        pr_auc=ranked.pr_auc,
        precision=decided.precision,
        recall=decided.recall,
        f1=decided.f1,
        specificity=decided.specificity,
        npv=decided.npv,
    )


def _means(classes: Mapping[str, ClassFigures], weights: Sequence[int]) -> dict[str, float]:
    """The weighted mean of each figure over the classes that have it."""
    means = {}
    for key in AVERAGED:
        values = [getattr(one, key) for one in classes.values()]
        pairs = [(v, w) for v, w in zip(values, weights, strict=True) if v is not None and w]
        if pairs:
            known, shares = zip(*pairs, strict=True)
            means[key] = float(np.average(known, weights=shares))
    return means


def _macro_intervals(p: Predictions, config: EvaluationConfig, seed: int) -> dict[str, Interval]:
    assert p.scores is not None
    label = np.array(p.label, dtype=object)
    present = [i for i, name in enumerate(p.classes) if (label == name).any()]
    if too_few(p.patient) or len(present) < 2:
        return {}
    chosen = p.scores.argmax(axis=1)
    blocks = []
    for weights in patient_weights(p.truth, p.patient, config.bootstrap, seed):
        each = [
            ranking(label == p.classes[i], p.scores[:, i], weights)
            | decisions(label == p.classes[i], chosen == i, weights)
            for i in present
        ]
        blocks.append({key: np.mean([one[key] for one in each], axis=0) for key in AVERAGED})
    draws = {key: np.concatenate([block[key] for block in blocks]) for key in AVERAGED}
    patients = least_patients(p.truth, p.patient)
    return {
        key: percentile_interval(values, patients)
        for key, values in draws.items()
        if mostly_defined(values)
    }


def macro_auc(label: np.ndarray, scores: np.ndarray, classes: tuple[str, ...]) -> float | None:
    """Mean over classes of the one-against-rest AUC.

    label: (N,) str. scores: (N, C). Classes that no film or every film has are left out; None if
    none is left.
    """
    values = []
    for i, name in enumerate(classes):
        truth = label == name
        if truth.any() and not truth.all():
            values.append(float(roc_auc_score(truth, scores[:, i])))
    return float(np.mean(values)) if values else None
