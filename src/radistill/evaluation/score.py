"""Score one finished model: threshold from validation, figures on test, once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from radistill import atomic
from radistill.config import EvaluationConfig
from radistill.errors import UsageError
from radistill.evaluation.intervals import auc_interval
from radistill.evaluation.metrics import choose_threshold, macro_auc, metrics
from radistill.evaluation.predictions import Predictions


def score_model(
    folder: Path,
    *,
    val: Predictions,
    test: Predictions,
    config: EvaluationConfig,
    seed: int,
    extra: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Write and return `folder/metrics.json`: threshold, val, test, and what `extra` holds.

    The threshold maximises the Youden index on `val` and is applied to `test` unchanged; where
    validation holds one class only it is 0.5, and `threshold_rule` says so. Raises UsageError if
    there are no test films.
    """
    if len(test) == 0:
        raise UsageError(
            f"{folder}: there are no test films to score the model on. Give the data folder a "
            "test/ folder, or set data.protocol=patient and data.test_fraction above 0."
        )
    truth = val.truth
    both = bool(truth.any() and not truth.all())
    threshold = choose_threshold(truth, val.probability, "youden")
    result = {
        "threshold": threshold,
        "threshold_rule": "youden on validation" if both else "fixed: validation has one class",
        "val": metrics(truth, val.probability, threshold) if len(val) else None,
        "test": score_predictions(test, threshold, config, seed),
        **(extra or {}),
    }
    atomic.write_json(folder / "metrics.json", result)
    return result


def score_predictions(
    p: Predictions, threshold: float, config: EvaluationConfig, seed: int
) -> dict[str, Any]:
    """`metrics` of `p` with `auc_ci` [low, high] (None where one class is absent).

    With more than two classes the figures are the positive class against the rest, and
    `macro_auc` is added.
    """
    result = metrics(p.truth, p.probability, threshold)
    interval = None
    if result["auc"] is not None:
        interval = list(auc_interval(p.truth, p.probability, p.patient, config.bootstrap, seed))
    figures: dict[str, Any] = {}
    for key, value in result.items():  # the interval stands beside its figure
        figures[key] = value
        if key == "auc":
            figures["auc_ci"] = interval
    if p.scores is not None:
        figures["macro_auc"] = macro_auc(np.array(p.label, dtype=object), p.scores, p.classes)
    return figures
