"""Each class against the rest, where there are more than two, and their means."""

import warnings
from collections.abc import Sequence

import numpy as np

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


def by_class(p: Predictions, scores: np.ndarray, resamples: int, seed: int) -> ByClass:
    """Figures of each class at the most probable class. scores: (N, classes).

    Means leave out figures that are None. The macro mean has bootstrap intervals over patients,
    except of figures that more than one resample in twenty leaves undefined, or that are the same
    in all of them.
    """
    label, chosen = np.array(p.label, dtype=object), scores.argmax(axis=1)
    truths = [label == name for name in p.classes]
    classes = [_class(truth, scores[:, i], chosen == i) for i, truth in enumerate(truths)]
    macro = _means(classes, [1] * len(classes))
    present = [i for i, truth in enumerate(truths) if truth.any()]
    ends: dict[str, Interval] = {}
    if not too_few(p.patient) and len(present) > 1:
        blocks = [
            [
                ranking(truths[i], scores[:, i], weights)
                | decisions(truths[i], chosen == i, weights)
                for i in present
            ]
            for weights in patient_weights(p.truth, p.patient, resamples, seed)
        ]
        for key in macro:
            draws = np.concatenate([np.mean([one[key] for one in each], axis=0) for each in blocks])
            if mostly_defined(draws) and np.nanmax(draws) > np.nanmin(draws):
                ends[f"{key}_ci"] = percentile_interval(draws, least_patients(p.truth, p.patient))
    return ByClass(
        classes=dict(zip(p.classes, classes, strict=True)),
        macro=ClassMeans(**macro, **ends),
        weighted=ClassMeans(**_means(classes, [one.n for one in classes])),
    )


def _class(truth: np.ndarray, score: np.ndarray, called: np.ndarray) -> ClassFigures:
    with warnings.catch_warnings():  # a class without films has no figures of its own
        warnings.simplefilter("ignore")
        ranked = metrics(truth, score, 0.5)
    decided = metrics(truth, called.astype(float), 0.5)
    values = ranked.model_dump(include={"auc", "pr_auc"})
    values |= decided.model_dump(include={*AVERAGED} - {"auc", "pr_auc"})
    return ClassFigures(n=int(truth.sum()), **values)


def _means(classes: Sequence[ClassFigures], weights: Sequence[int]) -> dict[str, float]:
    """The weighted mean of each figure over the classes that have it."""
    means = {}
    for key in AVERAGED:
        values = [getattr(one, key) for one in classes]
        pairs = [(v, w) for v, w in zip(values, weights, strict=True) if v is not None and w]
        if pairs:
            known, shares = zip(*pairs, strict=True)
            means[key] = float(np.average(known, weights=shares))
    return means
