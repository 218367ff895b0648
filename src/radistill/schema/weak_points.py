"""Where a model fails: by group, on corrupted films, and by the checks of its heat maps."""

from radistill.schema.record import Interval, Record


class FewFigures(Record):
    """Of a group of films: AUC, sensitivity (recall) and specificity with their intervals."""

    auc: float | None
    auc_ci: Interval | None
    recall: float | None
    recall_ci: Interval | None
    specificity: float | None
    specificity_ci: Interval | None


class GroupFigures(FewFigures):
    """Figures of the films whose column `by` is `group`.

    against: what the AUC of a group of one class is taken against. no_intervals: why there are
    none.
    """

    by: str
    group: str
    n: int
    patients: int
    positives: int
    against: str | None = None
    no_intervals: str | None = None


class CorruptionPoint(FewFigures):
    """Figures of the films corrupted at `level`."""

    level: float


class CorruptionCurve(Record):
    """One corruption; the first point is the film as it is, `unit` is that of the level."""

    name: str
    unit: str
    points: tuple[CorruptionPoint, ...]


class Robustness(Record):
    """Figures of `films` test films under every corruption, at `threshold`."""

    films: int
    threshold: float
    curves: tuple[CorruptionCurve, ...]


class Randomisation(Record):
    """Do maps change when the weights are random (Adebayo et al. 2018)?

    empty: share of films without a map. head, all: mean rank correlation of the maps with those of
    the network with a random head, or with all weights random. passed: the second is below 0.5.
    """

    empty: float
    head: float | None
    all: float | None
    passed: bool | None


class Localisation(Record):
    """How well maps find known opacities; `chance` is the opacities' share of the film."""

    films: int
    pointing_game: float
    pointing_game_ci: Interval | None
    energy_inside: float
    energy_inside_ci: Interval | None
    chance: float
    no_intervals: str | None = None


class Explanation(Record):
    """The checks of a model's heat maps."""

    method: str
    randomisation: Randomisation
    localisation: Localisation | None = None
