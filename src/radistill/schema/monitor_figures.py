"""What `radistill monitor` says of results: control charts by week, alarms, figures by labels."""

from typing import Literal

from radistill.schema.figures import Figures
from radistill.schema.prediction import ModelIdentity
from radistill.schema.record import Record


class ChartPoint(Record):
    """One week, named by its Monday.

    alarm: `value` is below `low` or above `high`, and the week is none that the limits are made of.
    """

    week: str
    films: int
    value: float
    low: float
    high: float
    alarm: bool


class ControlChart(Record):
    """name: abstained, unreadable, or a reason to abstain (shares of the films); probability (the
    Kolmogorov-Smirnov distance from the reference); or embedding (Hotelling's T^2 of the sketches).

    reference: the share that is expected; None for distances.
    """

    name: str
    reference: float | None
    points: tuple[ChartPoint, ...]


class WeekScores(Record):
    """Of one week's films that could be read. quantiles: 5, 25, 50, 75 and 95 % of the probability.

    abstained: share of the films, for what is watched. positive: share of the answered ones that
    are called positive, None without such.
    """

    week: str
    films: int
    abstained: float
    positive: float | None
    quantiles: tuple[float, ...]


class MonitorAlarm(Record):
    """A point beyond its limits."""

    week: str
    chart: str
    message: str


class SamplePerformance(Record):
    """Figures of the films that have a label and were answered, at `figures.threshold`.

    abstained: films that have a label and were not. unmatched: rows whose film no ledger has.
    """

    films: int
    abstained: int
    unmatched: int
    figures: Figures


class MonitorFigures(Record):
    """MONITOR/monitor.json. Weeks begin on Monday.

    reference: what weeks are compared with, the card or the first weeks (`baseline_weeks`).
    reference_films: behind the reference's probabilities. reference_quantiles: as of `WeekScores`.
    films: results, `unreadable` among them; `torn` lines, `repeated` and `undated` films are left
    out. false_alarms: the greatest chance that a week without a change raises an alarm.
    charts_held: among how many charts that chance is divided; those in `charts` have something to
    show.
    """

    model: ModelIdentity
    reference: Literal["card", "baseline"]
    reference_films: int
    reference_quantiles: tuple[float, ...]
    baseline_weeks: tuple[str, ...]
    films: int
    unreadable: int
    torn: int
    repeated: int
    undated: int
    false_alarms: float
    charts_held: int
    weeks: tuple[WeekScores, ...]
    charts: tuple[ControlChart, ...]
    alarms: tuple[MonitorAlarm, ...]
    performance: SamplePerformance | None
    notes: tuple[str, ...]

    def chart(self, name: str) -> ControlChart | None:
        """The chart of this name, None if there is none."""
        return next((chart for chart in self.charts if chart.name == name), None)
