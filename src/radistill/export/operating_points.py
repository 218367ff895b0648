"""Thresholds to choose by name, with what each gives on validation."""

from __future__ import annotations

import numpy as np
from statsmodels.stats.proportion import proportion_confint

from radistill.schema.card import OperatingPoint

SENSITIVITIES = (0.9, 0.95, 0.99)


def validation_points(
    truth: np.ndarray, probability: np.ndarray, threshold: float
) -> tuple[OperatingPoint, ...]:
    """`default`, at `threshold`, and the highest thresholds of sensitivity 0.90, 0.95 and 0.99.

    truth: bool (N,). probability: (N,), of the positive class. Without positive films there is
    the default only.
    """
    points = [measured("default", truth, probability, threshold)]
    positive = np.sort(probability[truth])[::-1]
    for wanted in SENSITIVITIES if len(positive) else ():
        lowest = float(positive[int(np.ceil(wanted * len(positive))) - 1])
        points.append(measured(f"sensitivity-{wanted:g}", truth, probability, lowest))
    return tuple(points)


def measured(
    name: str, truth: np.ndarray, probability: np.ndarray, threshold: float
) -> OperatingPoint:
    """The point at `threshold` with Wilson's 95 % intervals; None where a class is absent."""
    called = probability >= threshold
    sensitivity, sensitivity_ci = _share(called[truth])
    specificity, specificity_ci = _share(~called[~truth])
    return OperatingPoint(
        name=name,
        threshold=threshold,
        split="validation",
        films=len(truth),
        sensitivity=sensitivity,
        sensitivity_ci=sensitivity_ci,
        specificity=specificity,
        specificity_ci=specificity_ci,
    )


def _share(right: np.ndarray) -> tuple[float | None, tuple[float, float] | None]:
    if not len(right):
        return None, None
    low, high = proportion_confint(int(right.sum()), len(right), method="wilson")
    return float(right.mean()), (float(low), float(high))
