"""The calibration of a model, and what it does to the figures."""

from collections.abc import Mapping
from typing import Literal

from radistill.schema.record import Interval, Record


class CalibrationMap(Record):
    """A strictly increasing map of the positive class's probability, so no rank changes.

    temperature: the log-odds are divided by it (Guo et al. 2017); with two classes this is a
    softmax of logits divided by it. x, y: knots of the isotonic map, linear between them.
    """

    kind: Literal["none", "temperature", "isotonic"] = "none"
    temperature: float = 1.0
    x: tuple[float, ...] = ()
    y: tuple[float, ...] = ()


class CalibrationGain(Record):
    """Mean log loss that a kind saves on validation films held out, against the kind `over`."""

    over: str
    log_loss: float
    ci: Interval


class CalibrationFigures(Record):
    """How far probabilities are from what happened."""

    brier: float
    log_loss: float
    ece: float
    ece_equal_mass: float
    calibration_slope: float | None
    calibration_intercept: float | None


class BeforeAfter(Record):
    """Figures of the test films before and after the calibration."""

    before: CalibrationFigures
    after: CalibrationFigures


class CalibrationResult(CalibrationMap):
    """The map chosen on validation, what it was chosen by, and what it does to the test films."""

    cv_log_loss: Mapping[str, float] | None = None
    entropy: Mapping[str, float] = {}
    gains: Mapping[str, CalibrationGain] = {}
    reason: str = ""
    test: BeforeAfter | None = None
