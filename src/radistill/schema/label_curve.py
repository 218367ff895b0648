"""What `radistill curve` writes: how good a student is with how many labels."""

from collections.abc import Mapping
from typing import Literal, get_args

from radistill.schema.comparison import DatasetFacts
from radistill.schema.record import Interval, Record

Arm = Literal["alone", "labelled", "all"]
ARMS: tuple[Arm, ...] = get_args(Arm)


class SeedFigures(Record):
    """AUC on test, mean of the seeds. ci: over seeds and patients. by_seed: each seed's."""

    auc: float
    ci: Interval | None
    by_seed: tuple[float, ...]


class CurveGain(Record):
    """The AUC of arm `of` less that of arm `over`, paired by seed and patient. ci: over both."""

    of: Arm
    over: Arm
    difference: float
    ci: Interval | None


class CurvePoint(Record):
    """One share of the patients of training and validation with labels.

    seeds: each decides which patients keep labels, and the training. patients, films: with labels,
    for training and for choosing, mean over the seeds; choosing: those films among them that
    models and thresholds are chosen by. unlabelled: films that the arm `all` learns from without
    labels. teacher: what taught the distilled arms, an average where several did.
    """

    fraction: float
    seeds: tuple[int, ...]
    patients: float
    films: float
    choosing: float
    unlabelled: float
    arms: Mapping[Arm, SeedFigures]
    gains: tuple[CurveGain, ...] = ()
    teacher: SeedFigures | None = None


class PatientsNeeded(Record):
    """Patients with labels for this AUC by the power law; None is more than 1e7, or never.

    ci: 95 % interval. measured: the number lies between the least and the most that were tried.
    """

    auc: float
    patients: float | None
    ci: tuple[float | None, float | None] | None
    measured: bool


class CurveLaw(Record):
    """1 - AUC = a * n^-b + c for n patients with labels. c is 0 with fewer than four fractions."""

    a: float
    b: float
    c: float
    b_ci: Interval | None
    c_ci: Interval | None
    needed: tuple[PatientsNeeded, ...]


class LabelCurve(Record):
    """AUC on the same test films against the number of patients with labels.

    test_films, test_patients: of test. bootstrap: resamples of seeds and patients. laws: by arm;
    no_law: why there are none.
    """

    format: Literal[1] = 1
    dataset: DatasetFacts
    preset: str
    architecture: str
    test_films: int
    test_patients: int
    bootstrap: int
    points: tuple[CurvePoint, ...]
    laws: Mapping[Arm, CurveLaw] = {}
    no_law: str | None = None
