"""The figures of one model: how good it is and what it costs."""

from collections.abc import Mapping
from typing import Literal, get_args

from radistill.schema.record import Interval, Record

FigureName = Literal[
    "auc",
    "pr_auc",
    "accuracy",
    "balanced_accuracy",
    "f1",
    "precision",
    "npv",
    "recall",
    "specificity",
    "lr_positive",
    "lr_negative",
    "mcc",
    "brier",
    "log_loss",
    "ece",
    "ece_equal_mass",
    "calibration_slope",
    "calibration_intercept",
]
FIGURES: tuple[FigureName, ...] = get_args(FigureName)


class Confusion(Record):
    """Films by truth and decision."""

    tn: int
    fp: int
    fn: int
    tp: int


class PointFigures(Record):
    """Figures of `n` films at `threshold`; None is what these films do not determine."""

    n: int
    auc: float | None
    pr_auc: float | None
    accuracy: float
    balanced_accuracy: float | None
    f1: float
    precision: float | None
    npv: float | None
    recall: float | None
    specificity: float | None
    lr_positive: float | None
    lr_negative: float | None
    mcc: float | None
    brier: float
    log_loss: float
    ece: float
    ece_equal_mass: float
    calibration_slope: float | None
    calibration_intercept: float | None
    prevalence: float
    confusion: Confusion
    threshold: float

    def value(self, name: FigureName) -> float | None:
        """The figure of this name."""
        figure: float | None = getattr(self, name)
        return figure


class AtPrevalence(Record):
    """PPV and NPV where a share `prevalence` of the films has the disease."""

    prevalence: float
    precision: float | None
    precision_ci: Interval | None = None
    npv: float | None
    npv_ci: Interval | None = None


class ClassFigures(Record):
    """One class against the rest, at the most probable class; `n` films are of it."""

    n: int
    auc: float | None
    pr_auc: float | None
    precision: float | None
    recall: float | None
    f1: float
    specificity: float | None
    npv: float | None


class ClassMeans(Record):
    """Means over classes; a figure is unset where no class has it. `_ci` of the macro mean."""

    auc: float | None = None
    auc_ci: Interval | None = None
    pr_auc: float | None = None
    pr_auc_ci: Interval | None = None
    precision: float | None = None
    precision_ci: Interval | None = None
    recall: float | None = None
    recall_ci: Interval | None = None
    f1: float | None = None
    f1_ci: Interval | None = None
    specificity: float | None = None
    specificity_ci: Interval | None = None
    npv: float | None = None
    npv_ci: Interval | None = None


class ByClass(Record):
    """Each class by name, and the means: each class alike (macro), or by its films (weighted)."""

    classes: Mapping[str, ClassFigures]
    macro: ClassMeans
    weighted: ClassMeans


class Figures(PointFigures):
    """`PointFigures` with the 95 % interval that is shown of each, and all intervals by method.

    intervals: by figure and method (bootstrap, wilson, delong, newcombe). no_intervals: why there
    are none. score_quantiles: of the probability, in steps of 2.5 %. macro_auc, by_class: with more
    than two classes.
    """

    auc_ci: Interval | None = None
    pr_auc_ci: Interval | None = None
    accuracy_ci: Interval | None = None
    balanced_accuracy_ci: Interval | None = None
    f1_ci: Interval | None = None
    precision_ci: Interval | None = None
    npv_ci: Interval | None = None
    recall_ci: Interval | None = None
    specificity_ci: Interval | None = None
    lr_positive_ci: Interval | None = None
    lr_negative_ci: Interval | None = None
    mcc_ci: Interval | None = None
    brier_ci: Interval | None = None
    log_loss_ci: Interval | None = None
    ece_ci: Interval | None = None
    ece_equal_mass_ci: Interval | None = None
    calibration_slope_ci: Interval | None = None
    calibration_intercept_ci: Interval | None = None
    patients: int | None = None
    intervals: Mapping[str, Mapping[str, Interval]] = {}
    score_quantiles: tuple[float, ...] = ()
    no_intervals: str | None = None
    macro_auc: float | None = None
    by_class: ByClass | None = None
    at_prevalence: AtPrevalence | None = None

    def interval(self, name: FigureName) -> Interval | None:
        """The interval that is shown of the figure of this name."""
        ends: Interval | None = getattr(self, f"{name}_ci")
        return ends


class Decided(Record):
    """What a threshold gives, each with Wilson's interval."""

    called_positive: int
    recall: float | None
    recall_ci: Interval | None
    specificity: float | None
    specificity_ci: Interval | None
    precision: float | None
    precision_ci: Interval | None
    npv: float | None
    npv_ci: Interval | None


class ThresholdRule(Record):
    """A threshold that `rule` chose on validation, with what it gives there and on test."""

    rule: str
    threshold: float
    val: Decided
    test: Decided


class Cost(Record):
    """What a model costs to keep and to run on a CPU; explain/cost.py says how it is measured."""

    parameters: int | None = None
    macs: int | None = None
    file_bytes: int | None = None
    latency_ms_p50: float | None = None
    latency_ms_p95: float | None = None
    threads: int | None = None
    films_per_second: float | None = None
    throughput_threads: int | None = None
    peak_memory_bytes: int | None = None
