"""metrics.json, of one model, and comparison.json, of all models on the same films."""

from collections.abc import Mapping
from typing import Literal

from radistill.schema.calibrated import CalibrationResult
from radistill.schema.figures import Cost, Decided, FigureName, Figures, PointFigures, ThresholdRule
from radistill.schema.record import Interval, Record
from radistill.schema.weak_points import Explanation, GroupFigures, Robustness

FORMAT: Literal[1] = 1  # of both files; files without the number are of it too


class Measured(Record):
    """A model: what was chosen on validation, its figures on test, what it costs."""

    architecture: str | None = None
    test: Figures
    cost: Cost | None = None
    training_seconds: float | None = None
    threshold_rule: str | None = None
    operating_points: tuple[ThresholdRule, ...] = ()
    calibration: CalibrationResult | None = None


class ModelMetrics(Measured):
    """RUN/<model>/metrics.json."""

    format: Literal[1] = FORMAT
    threshold: float
    val: PointFigures | None = None


class ModelResult(Measured):
    """A model of a comparison, with what only some models are scored on.

    val_auc: on validation. left_out: of an average, the teachers that made it worse there.
    shortfalls: why it should not be used, and what to do; set only where there is something.
    """

    name: str
    val_auc: float | None = None
    left_out: tuple[str, ...] = ()
    robustness: Robustness | None = None
    explanation: Explanation | None = None
    groups: tuple[GroupFigures, ...] = ()
    shortfalls: tuple[str, ...] = ()


class Difference(Record):
    """Of one figure, a - b, with the paired bootstrap interval."""

    difference: float
    ci: Interval


class PairResult(Record):
    """Two models on the same films; differences are a - b.

    ci: of `auc_difference`, over patients. `_holm`: corrected for the number of pairs.
    b_not_inferior: the interval's upper end is below `margin`. no_interval: why there is none.
    """

    a: str
    b: str
    auc_difference: float | None
    ci: Interval | None
    delong_p: float | None
    mcnemar_p: float
    only_a_right: int
    only_b_right: int
    margin: float
    b_not_inferior: bool | None
    b_not_inferior_p: float | None
    no_interval: str | None = None
    differences: Mapping[FigureName, Difference]
    delong_p_holm: float | None = None
    mcnemar_p_holm: float | None = None


class DatasetFacts(Record):
    """The films that models were scored on. counts: by split and class. unlabelled: films without
    labels, which students learned from besides.

    patients_known: False where each film counts as a patient of its own. seen: how many of the
    films, or copies of them, an external model was trained or chosen on; None where that cannot be
    told. seen_kept: they are among the films scored.
    """

    name: str = ""
    classes: tuple[str, ...]
    positive: str
    counts: Mapping[str, Mapping[str, int]]
    unlabelled: int = 0
    protocol: str | None = None
    patients_known: bool = True
    leaking: bool = False
    synthetic: bool = False
    unreadable: int = 0
    notes: tuple[str, ...] = ()
    seen: int | None = None
    seen_kept: bool = False


class Shift(Record):
    """Scores on other films beside those on the model's own test films (`reference`)."""

    ks: float
    ks_p: float | None
    wasserstein: float
    reference_quartiles: tuple[float, ...]
    quartiles: tuple[float, ...]
    reference_n: int


class AtThreshold(Decided):
    """Decisions at `threshold`."""

    threshold: float
    accuracy: float | None = None


class External(Record):
    """A model on films from elsewhere: at its own threshold, and at the best one for them."""

    model: str
    shipped: AtThreshold
    best: AtThreshold | None
    shift: Shift | None = None


class Comparison(Record):
    """RUN/comparison.json. external: where one model was scored on other data."""

    format: Literal[1] = FORMAT
    dataset: DatasetFacts
    models: tuple[ModelResult, ...]
    pairs: tuple[PairResult, ...]
    external: External | None = None

    def model(self, name: str) -> ModelResult | None:
        """The model of this name, None if there is none."""
        return next((model for model in self.models if model.name == name), None)

    def pair(self, one: str, other: str) -> PairResult | None:
        """The two models' pair, in whichever order; None if there is none."""
        return next((pair for pair in self.pairs if {pair.a, pair.b} == {one, other}), None)
