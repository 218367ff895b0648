"""Score one model: threshold and calibration from validation, figures on test, once."""

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np

from radistill.config import EvaluationConfig
from radistill.errors import UsageError
from radistill.metrics.bootstrap import Draws, figure_draws, intervals, shown_interval
from radistill.metrics.by_class import by_class
from radistill.metrics.calibration import UNCALIBRATED, calibrate
from radistill.metrics.choose_calibration import choose_calibration
from radistill.metrics.intervals import least_patients, percentile_interval, too_few
from radistill.metrics.metrics import metrics
from radistill.metrics.predictions import Predictions
from radistill.metrics.thresholds import choose_threshold, operating_points, ppv_and_npv
from radistill.schema.calibrated import (
    BeforeAfter,
    CalibrationFigures,
    CalibrationMap,
    CalibrationResult,
)
from radistill.schema.comparison import FORMAT, ModelMetrics, ModelResult
from radistill.schema.figures import FIGURES, AtPrevalence, Cost, Figures, PointFigures
from radistill.schema.record import write_record

QUANTILES = np.linspace(0, 1, 41)  # by which another data set's scores are compared


@dataclass(frozen=True, eq=False)
class ScoredModel:
    """A model's predictions on test, their figures, and each figure under every resample."""

    predictions: Predictions = field(repr=False)
    result: ModelResult
    draws: Draws = field(repr=False)


def score_model(
    folder: Path,
    *,
    val: Predictions,
    test: Predictions,
    config: EvaluationConfig,
    seed: int,
    architecture: str | None = None,
    cost: Cost | None = None,
    training_seconds: float | None = None,
) -> ModelMetrics:
    """Write and return `folder/metrics.json`: all that is chosen on `val`, and figures of `test`.

    All figures and thresholds are of the probability as the model gives it; `calibration` holds the
    map that was chosen on `val` and what it does to the test films. Raises UsageError if there are
    no test films.
    """
    if len(test) == 0:
        raise UsageError(
            f"{folder}: there are no test films to score the model on. Give the data folder a "
            "test/ folder, or set data.protocol=patient and data.test_fraction above 0."
        )
    threshold, rule = threshold_of(val, config.threshold)
    figures, _ = score_predictions(test, threshold, config, seed)
    scored = ModelMetrics(
        format=FORMAT,
        threshold=threshold,
        threshold_rule=rule,
        val=metrics(val.truth, val.probability, threshold) if len(val) else None,
        test=figures,
        operating_points=operating_points(val, test, config.operating_points),
        calibration=calibration_result(val, test, config, seed),
        architecture=architecture,
        cost=cost,
        training_seconds=training_seconds,
    )
    write_record(folder / "metrics.json", scored)
    return scored


@lru_cache(maxsize=32)
def draws_of(p: Predictions, threshold: float, resamples: int, seed: int) -> Draws:
    """`figure_draws` of the same predictions, made once: figures and pairs share them."""
    return figure_draws(p.truth, p.probability, threshold, p.patient, resamples, seed)


def threshold_of(val: Predictions, rule: str) -> tuple[float, str]:
    """The threshold that `rule` picks on `val`, and how it was picked.

    Where validation holds one class only it is 0.5, which the second says.
    """
    truth = val.truth
    both = bool(truth.any() and not truth.all())
    threshold = choose_threshold(truth, val.probability, rule)
    return threshold, f"{rule} on validation" if both else "fixed: validation has one class"


def score_predictions(
    p: Predictions, threshold: float, config: EvaluationConfig, seed: int
) -> tuple[Figures, Draws]:
    """`metrics` of `p` with 95 % intervals, and the bootstrap draws behind them.

    With fewer than ten patients there are no intervals, and `no_intervals` says why. With more than
    two classes the figures are the positive class against the rest; `macro_auc` and `by_class` are
    added. `config.prevalence` adds `at_prevalence`.
    """
    draws = draws_of(p, threshold, config.bootstrap, seed)
    point = metrics(p.truth, p.probability, threshold)
    values = {name: point.value(name) for name in FIGURES}
    methods = intervals(values, p.truth, p.probability, threshold, p.patient, draws)
    figures = Figures(
        **point.model_dump(),
        **{f"{name}_ci": shown_interval(methods.get(name)) for name in FIGURES},
        patients=len(set(p.patient)),
        intervals=methods,
        score_quantiles=np.quantile(p.probability, QUANTILES).tolist(),
    )
    further: dict[str, object] = {}
    if reason := too_few(p.patient):
        further["no_intervals"] = reason
    if p.scores is not None:
        each = by_class(p, p.scores, config.bootstrap, seed)
        further |= {"macro_auc": each.macro.auc, "by_class": each}
    if config.prevalence is not None:
        further["at_prevalence"] = _at_prevalence(p, point, draws, config.prevalence)
    return figures.model_copy(update=further), draws


def _at_prevalence(
    p: Predictions, figures: PointFigures, draws: Draws, prevalence: float
) -> AtPrevalence:
    """PPV and NPV where a share `prevalence` of the films has the disease."""
    if figures.recall is None or figures.specificity is None:
        return AtPrevalence(prevalence=prevalence, precision=None, npv=None)
    points = ppv_and_npv(figures.recall, figures.specificity, prevalence)
    resampled = ppv_and_npv(draws["recall"], draws["specificity"], prevalence)
    patients = least_patients(p.truth, p.patient)
    precision, npv = (float(value) if np.isfinite(value) else None for value in points)
    precision_ci, npv_ci = (
        None if value is None or too_few(p.patient) else percentile_interval(values, patients)
        for value, values in zip((precision, npv), resampled, strict=True)
    )
    return AtPrevalence(
        prevalence=prevalence,
        precision=precision,
        precision_ci=precision_ci,
        npv=npv,
        npv_ci=npv_ci,
    )


def calibration_result(
    val: Predictions, test: Predictions, config: EvaluationConfig, seed: int
) -> CalibrationResult:
    """The calibration chosen on `val`, and figures of `test` before and after it."""
    chosen = choose_calibration(val, seed, config.calibration)
    effect = BeforeAfter(
        before=_calibration_figures(test, UNCALIBRATED), after=_calibration_figures(test, chosen)
    )
    return chosen.model_copy(update={"test": effect})


def _calibration_figures(p: Predictions, chosen: CalibrationMap) -> CalibrationFigures:
    figures = metrics(p.truth, calibrate(chosen, p.probability), 0.5)
    return CalibrationFigures.model_validate(figures, from_attributes=True)


def on_calibrated_scale(
    model: ModelResult, test: Predictions, config: EvaluationConfig, seed: int
) -> ModelResult:
    """A model's result for the calibrated probability, which is what its bundle gives.

    test: what the calibrated file says of the test films. Thresholds go through the calibration and
    the figures are made anew; what depends on ranks and decisions stays as it is.
    """
    chosen = model.calibration or UNCALIBRATED

    def carried(threshold: float) -> float:
        return float(calibrate(chosen, threshold))

    threshold = carried(model.test.threshold)
    figures, _ = score_predictions(test, threshold, config, seed)
    points = tuple(
        point.model_copy(update={"threshold": carried(point.threshold)})
        for point in model.operating_points
    )
    return model.model_copy(update={"test": figures, "operating_points": points})
