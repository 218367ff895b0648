"""What `radistill plan --json` prints: the films that a site needs."""

from typing import Literal

from radistill.schema.record import Record


class FilmsNeeded(Record):
    """Patients with a film each that bring the 95 % interval of `figure` to `width`.

    expected: the figure's value; oe: observed over expected. positives, negatives: of `patients`,
    at the plan's prevalence. films: of as many patients.
    """

    figure: Literal["auc", "sensitivity", "specificity", "oe", "calibration_slope"]
    expected: float
    width: float
    patients: int
    positives: int
    negatives: int
    films: int


class GainPower(Record):
    """The chance that `patients` show a gain of AUC, its paired 95 % interval being above zero."""

    patients: int
    power: float


class GainPlan(Record):
    """Power for a gain from `auc_before` to `auc_after`. patients: for a power of 80 %."""

    auc_before: float
    auc_after: float
    patients: int
    curve: tuple[GainPower, ...]


class StudyPlan(Record):
    """Patients and films for intervals of the wished widths, and for showing a gain.

    correlation: assumed, of the scores of the two models within a class. patients, positives,
    negatives, films: what all intervals together take.
    """

    prevalence: float
    films_per_patient: float
    correlation: float | None
    patients: int
    positives: int
    negatives: int
    films: int
    needs: tuple[FilmsNeeded, ...]
    gains: tuple[GainPlan, ...]
