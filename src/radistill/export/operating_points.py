"""Thresholds to choose by name, with what each gives on validation."""

from collections.abc import Sequence

import numpy as np

from radistill.metrics.thresholds import choose_threshold, decided
from radistill.schema.card import OperatingPoint
from radistill.schema.comparison import ModelResult

SENSITIVITIES = (0.9, 0.95, 0.99)


def validation_points(
    truth: np.ndarray,
    probability: np.ndarray,
    threshold: float,
    patients: Sequence[str] | None = None,
) -> tuple[OperatingPoint, ...]:
    """`default`, at `threshold`, and `sensitivity-0.9`, `-0.95` and `-0.99`, chosen on these films.

    truth: bool (N,). probability: (N,), of the positive class. patients: N ids; each film is a
    patient of its own where None. Where a class is absent there is the default only.
    """
    thresholds = {"default": threshold}
    if truth.any() and not truth.all():
        rules = [f"sensitivity={wanted:g}" for wanted in SENSITIVITIES]
        thresholds |= {
            point_name(rule): choose_threshold(truth, probability, rule) for rule in rules
        }
    owners = patients or [str(film) for film in range(len(truth))]
    return tuple(
        _point(name, truth, probability >= value, value, owners)
        for name, value in thresholds.items()
    )


def point_name(rule: str) -> str:
    """The name on the card of a rule such as sensitivity=0.95."""
    return rule.replace("=", "-", 1)


def without_points(figures: ModelResult, points: Sequence[OperatingPoint]) -> ModelResult:
    """`figures` without thresholds of rules that `points` answer: a card has one for each rule."""
    named = {point.name for point in points}
    others = tuple(one for one in figures.operating_points if point_name(one.rule) not in named)
    if others == figures.operating_points:
        return figures
    return figures.model_copy(update={"operating_points": others})


def _point(
    name: str, truth: np.ndarray, called: np.ndarray, threshold: float, patients: Sequence[str]
) -> OperatingPoint:
    measured = decided(truth, called, patients)
    return OperatingPoint(
        name=name,
        threshold=threshold,
        split="validation",
        films=len(truth),
        sensitivity=measured.recall,
        sensitivity_ci=measured.recall_ci,
        specificity=measured.specificity,
        specificity_ci=measured.specificity_ci,
    )
