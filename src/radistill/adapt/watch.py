"""Results by week against a reference, and the alarms."""

from collections.abc import Sequence

import numpy as np

from radistill.adapt.control_charts import control_charts, of_card, of_rows, period_sums
from radistill.adapt.control_limits import FEWEST
from radistill.adapt.ledgers import LedgerContents, LedgerRow
from radistill.adapt.week_rows import by_week, films_read, probabilities, share_counts
from radistill.errors import UsageError, counted
from radistill.runtime.decision import REASONS
from radistill.schema.card import Card
from radistill.schema.monitor_figures import (
    ChartPoint,
    ControlChart,
    MonitorAlarm,
    MonitorFigures,
    SamplePerformance,
    WeekScores,
)
from radistill.schema.prediction import ABSTAIN

SHOWN = (0.05, 0.25, 0.5, 0.75, 0.95)


def watch(
    ledger: LedgerContents,
    card: Card,
    *,
    baseline: int = 0,
    false_alarms: float = 0.01,
    performance: SamplePerformance | None = None,
) -> MonitorFigures:
    """Compare each week of the results with the card, or with their first `baseline` weeks.

    false_alarms: the greatest chance that a week like the reference raises an alarm. Shares,
    probabilities and embeddings have an equal part of it each, and of that each share (Bonferroni),
    so that charts may depend on each other in any way.
    Raises UsageError if no result has a time, or no week is left to watch.
    """
    weeks = by_week(ledger.rows)
    dated = sum(map(len, weeks.values()))
    first = list(weeks)[:baseline]
    reference = of_card(card)
    if baseline:
        if len(first) == len(weeks):
            raise UsageError(
                f"--baseline {baseline}: the results have {counted(len(weeks), 'week')}, so "
                "none is left to watch"
            )
        rows = [row for week in first for row in weeks[week]]
        if (films := len(films_read(rows))) < FEWEST:
            raise UsageError(
                f"--baseline {baseline}: these weeks have {counted(films, 'film')}; give "
                f"more of them, {FEWEST} films are the least"
            )
        reference = of_rows(rows)
    sums = {week: period_sums(rows, reference) for week, rows in weeks.items()}
    charts, held, notes = control_charts(sums, reference, false_alarms)
    charts = tuple(_judged(chart, first) for chart in charts)
    return MonitorFigures(
        model=ledger.model,
        reference=reference.kind,
        reference_films=reference.films,
        reference_quantiles=() if reference.quantiles is None else _shown(reference.quantiles),
        baseline_weeks=tuple(first),
        films=len(ledger.rows),
        unreadable=sum(row.error is not None for row in ledger.rows),
        torn=ledger.torn,
        repeated=ledger.repeated,
        undated=len(ledger.rows) - dated,
        false_alarms=false_alarms,
        charts_held=held,
        weeks=tuple(_scores(week, rows, card) for week, rows in weeks.items() if films_read(rows)),
        charts=charts,
        alarms=_alarms(charts),
        performance=performance,
        notes=notes,
    )


def _shown(quantiles: np.ndarray) -> tuple[float, ...]:
    steps = np.linspace(0, 1, len(quantiles))
    return tuple(np.interp(SHOWN, steps, quantiles).tolist())


def _scores(week: str, rows: Sequence[LedgerRow], card: Card) -> WeekScores:
    answered = [row.decision for row in films_read(rows) if row.decision != ABSTAIN]
    positive = card.positive.lower()
    share = sum(decision == positive for decision in answered) / len(answered) if answered else None
    probability = probabilities(rows)
    return WeekScores(
        week=week,
        films=len(probability),
        abstained=share_counts(rows)["abstained"] / len(probability),
        positive=share,
        quantiles=tuple(np.quantile(probability, SHOWN).tolist()),
    )


def _judged(chart: ControlChart, baseline: Sequence[str]) -> ControlChart:
    """The chart without alarms in the weeks that the limits are made of."""
    points = (
        point.model_copy(update={"alarm": point.alarm and point.week not in baseline})
        for point in chart.points
    )
    return chart.model_copy(update={"points": tuple(points)})


def _alarms(charts: Sequence[ControlChart]) -> tuple[MonitorAlarm, ...]:
    """In order of weeks, within a week in that of the charts."""
    alarms = [
        MonitorAlarm(week=point.week, chart=chart.name, message=alarm_message(chart, point))
        for chart in charts
        for point in chart.points
        if point.alarm
    ]
    return tuple(sorted(alarms, key=lambda alarm: alarm.week))


def alarm_message(chart: ControlChart, point: ChartPoint) -> str:
    """What is beyond its limits, with the numbers."""
    if chart.name == "probability":
        numbers = f"KS {point.value:.2f}, limit {point.high:.2f}"
        return f"probabilities are distributed otherwise ({numbers})"
    if chart.name == "embedding":
        return f"embeddings have moved (T\u00b2 {point.value:.0f}, limit {point.high:.0f})"
    what = {"abstained": "abstained on", "unreadable": "unreadable"}
    words = what.get(chart.name) or f"abstained on as {chart.name} ({REASONS[chart.name]})"
    count, films = round(point.value * point.films), point.films
    low, high = round(point.low * films), round(point.high * films)
    return f"{count} of {counted(films, 'film')} {words}, limits {low} to {high}"
