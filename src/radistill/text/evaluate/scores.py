"""Figures of labellers on one task, with intervals over texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from radistill.metrics.bootstrap import decisions
from radistill.metrics.intervals import (
    auc_difference_interval,
    auc_interval,
    least_patients,
    patient_weights,
    percentile_interval,
)
from radistill.metrics.metrics import metrics
from radistill.metrics.paired import delong, mcnemar
from radistill.text.evaluate.crossval import Scored
from radistill.text.labeller.questions import Asked

PAIRS = (("naive_bayes", "rules"), ("best", "rules"), ("best", "naive_bayes"))
FROM_DECISIONS = ("accuracy", "f1", "precision", "recall", "specificity", "confusion")


Telling = tuple[list[tuple[str, float]], list[tuple[str, float]]]


@dataclass(frozen=True, eq=False)
class Answers:
    """One task on the reports that have an answer to it.

    truth: (N,) bool. groups: (N,), the same for identical texts. scored: labellers by name.
    telling: the words of naive Bayes that speak most for the positive class, for the negative.
    """

    asked: Asked
    truth: np.ndarray
    groups: np.ndarray
    scored: dict[str, Scored]
    telling: Telling | None = None


def task_figures(one: Answers, names: Sequence[str], resamples: int, seed: int) -> dict[str, Any]:
    """`figures` of those of the labellers `names` that answered the task."""
    return {
        name: figures(one.truth, one.scored[name], one.groups, resamples, seed)
        for name in names
        if name in one.scored
    }


def figures(
    truth: np.ndarray, scored: Scored, groups: np.ndarray, resamples: int, seed: int
) -> dict[str, Any]:
    """The same figures as of image models, with `f1_ci` and `positives`; texts stand for patients.

    What depends on a decision is that of each fold's own threshold; `threshold` is their median.
    """
    found = metrics(truth, scored.probability, float(np.median(scored.thresholds)))
    decided = metrics(truth, scored.called.astype(float), 0.5)
    found |= {key: decided[key] for key in FROM_DECISIONS}
    interval = auc_interval(truth, scored.probability, groups.tolist(), resamples, seed)
    found["auc_ci"] = list(interval)
    draws = _f1_draws(truth, scored.called, groups, resamples, seed)
    found["f1_ci"] = list(percentile_interval(draws, least_patients(truth, groups.tolist())))
    found["positives"] = int(truth.sum())
    if scored.settings:
        found["settings"] = scored.settings
    return found


def _f1_draws(
    truth: np.ndarray, called: np.ndarray, groups: np.ndarray, resamples: int, seed: int
) -> np.ndarray:
    """F1 of each resample of texts, (R,)."""
    blocks = patient_weights(truth, groups.tolist(), resamples, seed)
    return np.concatenate([decisions(truth, called, weights)["f1"] for weights in blocks])


def pairs(one: Answers, resamples: int, seed: int) -> list[dict[str, Any]]:
    """Labeller against labeller on the same texts, AUC and F1."""
    return [
        {"task": one.asked.name, "a": a, "b": b, **_pair(one, a, b, resamples, seed)}
        for a, b in PAIRS
        if a in one.scored and b in one.scored
    ]


def _pair(one: Answers, a: str, b: str, resamples: int, seed: int) -> dict[str, Any]:
    """Differences a - b on the same resampled texts."""
    first, second, groups = one.scored[a], one.scored[b], one.groups
    draws = _f1_draws(one.truth, first.called, groups, resamples, seed)
    draws = draws - _f1_draws(one.truth, second.called, groups, resamples, seed)
    tested = delong(one.truth, first.probability, second.probability)
    decided = mcnemar(one.truth, first.called, second.called)
    return {
        "auc_difference": tested.difference,
        "ci": list(auc_difference_interval(
            one.truth, first.probability, second.probability, groups.tolist(), resamples, seed
        )),
        "f1_difference": f1_of(one.truth, first.called) - f1_of(one.truth, second.called),
        "f1_ci": list(percentile_interval(draws, least_patients(one.truth, groups.tolist()))),
        "delong_p": tested.p,
        "mcnemar_p": decided.p,
        "only_a_right": decided.only_a,
        "only_b_right": decided.only_b,
    }  # fmt: skip


def f1_of(truth: np.ndarray, called: np.ndarray) -> float:
    """F1 of decisions, (N,) bool each."""
    return float(metrics(truth, called.astype(float), 0.5)["f1"])


def agreement(one: Answers) -> dict[str, Any]:
    """What abstaining buys: the reports on which naive Bayes and the keywords agree."""
    learned, rules = one.scored["naive_bayes"].called, one.scored["rules"].called
    agree = learned == rules
    right = learned == one.truth
    return {
        "kept": float(agree.mean()),
        "accuracy_of_all": float(right.mean()),
        "accuracy_of_kept": float(right[agree].mean()) if agree.any() else None,
        "f1_of_kept": f1_of(one.truth[agree], learned[agree]) if agree.any() else None,
    }
