"""Score one finished model: threshold and calibration from validation, figures on test, once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from radistill.config import EvaluationConfig
from radistill.errors import UsageError
from radistill.files import write_json
from radistill.metrics.bootstrap import (
    Draws,
    decisions,
    figure_draws,
    first_choice,
    intervals,
    ranking,
)
from radistill.metrics.calibration import Calibration, calibration_of
from radistill.metrics.choose_calibration import choose_calibration
from radistill.metrics.intervals import (
    least_patients,
    patient_weights,
    percentile_interval,
    too_few,
)
from radistill.metrics.metrics import class_metrics, macro_auc, metrics
from radistill.metrics.predictions import Predictions
from radistill.metrics.thresholds import at_prevalence, choose_threshold, operating_points

QUANTILES = np.linspace(0, 1, 41)  # by which another data set's scores are compared
CALIBRATED = ("brier", "log_loss", "ece", "ece_equal_mass", "calibration_slope",
              "calibration_intercept")  # fmt: skip


def score_model(
    folder: Path,
    *,
    val: Predictions,
    test: Predictions,
    config: EvaluationConfig,
    seed: int,
    extra: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Write and return `folder/metrics.json`: `score` of these films, and what `extra` holds.

    Raises UsageError if there are no test films.
    """
    if len(test) == 0:
        raise UsageError(
            f"{folder}: there are no test films to score the model on. Give the data folder a "
            "test/ folder, or set data.protocol=patient and data.test_fraction above 0."
        )
    result = score(val, test, config, seed) | dict(extra or {})
    write_json(folder / "metrics.json", result)
    return result


def score(
    val: Predictions, test: Predictions, config: EvaluationConfig, seed: int
) -> dict[str, Any]:
    """All that is chosen on `val`, and every figure of `test` that follows.

    The threshold is what `config.threshold` picks on `val`, applied to `test` unchanged; where
    validation holds one class only it is 0.5, and `threshold_rule` says so. All figures and
    thresholds are of the probability as the model gives it; `calibration` holds the map that was
    chosen on `val` and what it does to the test films.
    """
    truth = val.truth
    both = bool(truth.any() and not truth.all())
    threshold = choose_threshold(truth, val.probability, config.threshold)
    rule = f"{config.threshold} on validation"
    return {
        "threshold": threshold,
        "threshold_rule": rule if both else "fixed: validation has one class",
        "val": metrics(truth, val.probability, threshold) if len(val) else None,
        "test": score_predictions(test, threshold, config, seed),
        **tuned(val, test, config, seed),
    }


def tuned(
    val: Predictions, test: Predictions, config: EvaluationConfig, seed: int
) -> dict[str, Any]:
    """What else is chosen on `val`, with its figures on test: operating points, calibration."""
    return {
        "operating_points": operating_points(val, test, config.operating_points),
        "calibration": _calibration(val, test, config, seed),
    }


def as_told(
    entry: Mapping[str, Any], test: Predictions, config: EvaluationConfig, seed: int
) -> dict[str, Any]:
    """A model's entry of a comparison, in terms of the probability that its bundle tells.

    test: the predictions as trained. Thresholds go through the calibration and the figures are made
    anew; what hangs on ranks and decisions stays as it is.
    """
    chosen = calibration_of(entry)
    if chosen.kind == "none":
        return dict(entry)
    threshold = _carried(chosen, entry["test"]["threshold"])
    figures = score_predictions(chosen.told(test), threshold, config, seed)
    points = [
        {**point, "threshold": _carried(chosen, point["threshold"])}
        for point in entry.get("operating_points") or []
    ]
    return {**entry, "test": figures, "operating_points": points}


def _carried(chosen: Calibration, threshold: float) -> float:
    return float(chosen.apply(np.array(threshold)))


def score_predictions(
    p: Predictions, threshold: float, config: EvaluationConfig, seed: int
) -> dict[str, Any]:
    """`metrics` of `p`, each figure with its 95 % interval beside it as `<figure>_ci`.

    `intervals` has them by method; with fewer than ten patients there are none, and
    `no_intervals` says why. With more than two classes the figures are the positive class against
    the rest; `macro_auc` and `by_class` are added. `config.prevalence` adds `at_prevalence`.
    """
    draws = figure_draws(p.truth, p.probability, threshold, p.patient, config.bootstrap, seed)
    result = metrics(p.truth, p.probability, threshold)
    found = intervals(result, p.truth, p.probability, p.patient, draws)
    figures: dict[str, Any] = {}
    for key, value in result.items():  # the interval stands beside its figure
        figures[key] = value
        if key in draws:
            figures[f"{key}_ci"] = _shown(key, found)
    figures["patients"] = len(set(p.patient))
    figures["intervals"] = found
    figures["score_quantiles"] = np.quantile(p.probability, QUANTILES).tolist()
    if reason := too_few(p.patient):
        figures["no_intervals"] = reason
    if p.scores is not None:
        figures["macro_auc"] = macro_auc(np.array(p.label, dtype=object), p.scores, p.classes)
        figures["by_class"] = _by_class(p, config, seed)
    if config.prevalence is not None:
        figures["at_prevalence"] = _at_prevalence(
            figures, draws, config.prevalence, least_patients(p.truth, p.patient)
        )
    return figures


def _shown(key: str, found: Mapping[str, Mapping[str, list[float]]]) -> list[float] | None:
    return first_choice(dict(found.get(key, {})))


def _at_prevalence(
    figures: Mapping[str, Any], draws: Draws, prevalence: float, patients: int
) -> dict[str, Any]:
    """PPV and NPV where a share `prevalence` of the films has the disease."""
    result: dict[str, Any] = {"prevalence": prevalence}
    if figures["recall"] is None or figures["specificity"] is None:
        return result | {"precision": None, "npv": None}
    points = at_prevalence(figures["recall"], figures["specificity"], prevalence)
    resampled = at_prevalence(draws["recall"], draws["specificity"], prevalence)  # type: ignore[arg-type]
    for name, value, values in zip(("precision", "npv"), points, resampled, strict=True):
        known = bool(np.isfinite(value)) and "no_intervals" not in figures
        result[name] = float(value) if np.isfinite(value) else None
        result[f"{name}_ci"] = (
            list(percentile_interval(np.asarray(values), patients)) if known else None
        )
    return result


def _by_class(p: Predictions, config: EvaluationConfig, seed: int) -> dict[str, Any]:
    """`class_metrics`, with bootstrap intervals of the macro means."""
    assert p.scores is not None
    label = np.array(p.label, dtype=object)
    found: dict[str, Any] = class_metrics(label, p.scores, p.classes)
    present = [i for i, name in enumerate(p.classes) if (label == name).any()]
    if too_few(p.patient) or len(present) < 2:
        return found
    chosen = p.scores.argmax(axis=1)
    patients = least_patients(p.truth, p.patient)
    blocks = []
    for weights in patient_weights(p.truth, p.patient, config.bootstrap, seed):
        each = [
            ranking(label == p.classes[i], p.scores[:, i], weights)
            | decisions(label == p.classes[i], chosen == i, weights)
            for i in present
        ]
        blocks.append({key: np.mean([one[key] for one in each], axis=0) for key in each[0]})
    for key in [key for key in found["macro"] if key in blocks[0]]:
        draws = np.concatenate([block[key] for block in blocks])
        found["macro"][f"{key}_ci"] = list(percentile_interval(draws, patients))
    return found


def _calibration(
    val: Predictions, test: Predictions, config: EvaluationConfig, seed: int
) -> dict[str, Any]:
    """The calibration chosen on `val`, and figures of `test` before and after it."""
    chosen, why = choose_calibration(val, seed, config.calibration)
    return (
        chosen.to_json()
        | why
        | {"test": {"before": _fit(test, Calibration()), "after": _fit(test, chosen)}}
    )


def _fit(p: Predictions, calibration: Calibration) -> dict[str, Any]:
    truth, told = p.truth, calibration.apply(p.probability)
    figures = metrics(truth, told, 0.5)
    return {key: figures[key] for key in CALIBRATED}
