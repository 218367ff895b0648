"""What a monitor says: sentences for terminal and page, and the page."""

from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from radistill.adapt.monitor_plots import chart_plot, score_plot
from radistill.adapt.week_rows import WATCHED
from radistill.errors import counted
from radistill.files import write_text
from radistill.report import fmt
from radistill.report.figures.pictures import Drawings, draw
from radistill.report.render import render
from radistill.schema.monitor_figures import MonitorFigures, SamplePerformance
from radistill.schema.record import write_record

LIMITS = (
    "This tells that something changed, not how good the model is. An alarm may be a scanner, "
    "another mix of patients, a season or a fault; and a model can get worse without one. Only "
    "labels say how good it is: label a sample, and give it with --labels."
)


def sentences(figures: MonitorFigures) -> list[str]:
    """The alarms, how often chance alone raises one, what was left out, what may be concluded."""
    every = figures.chart("unreadable")
    watched = (len(every.points) if every else 0) - len(figures.baseline_weeks)
    weeks = list(dict.fromkeys(alarm.week for alarm in figures.alarms))
    against = "the model's card"
    if figures.baseline_weeks:
        against = f"the weeks {figures.baseline_weeks[0]} to {figures.baseline_weeks[-1]}"
    first = f"None of {counted(watched, 'week')} raises an alarm against {against}."
    if weeks:
        verb = "raises" if len(weeks) == 1 else "raise"
        first = (
            f"{len(weeks)} of {counted(watched, 'week')} {verb} an alarm against {against}, first "
            f"the week of {weeks[0]}."
        )
    said = [
        first,
        "A week without any change raises one with a chance of at most "
        f"{100 * figures.false_alarms:g} %, which {figures.charts_held} charts share, if its films "
        "are independent; several films of a patient make it more.",
        LIMITS,
    ]
    if weeks and len(weeks) == watched and figures.reference == "card":
        said.append(
            "Every week is beyond the limits: these films are unlike those that the card's figures "
            "are of, so measure the model here, with radistill evaluate. To see changes from now "
            "on, compare with your own first weeks: --baseline 4."
        )
    if figures.performance:
        said.append(_performance(figures.performance))
    left_out = (
        (figures.torn, "line that is no result", "lines that are no result"),
        (figures.repeated, "film that stands there twice", "films that stand there twice"),
        (figures.undated, "film without a time", "films without a time"),
    )
    parts = [f"{n:,} {one if n == 1 else many}" for n, one, many in left_out if n]
    if parts:
        said.append(f"Left out: {', '.join(parts)}.")
    return [*said, *figures.notes]


def _performance(sample: SamplePerformance) -> str:
    f = sample.figures
    positives = round(f.prevalence * f.n)
    text = (
        f"By the labels of {counted(sample.films, 'film')} that were answered ({positives} "
        f"positive; {sample.abstained} more were abstained on): AUC {fmt.figure(f.auc)} (95 % "
        f"interval {fmt.interval(f.auc_ci)}), sensitivity {fmt.figure(f.recall)} "
        f"({fmt.interval(f.recall_ci)}), specificity {fmt.figure(f.specificity)} "
        f"({fmt.interval(f.specificity_ci)}). They hold for all films only if the sample is random."
    )
    if f.no_intervals:
        text += f" {f.no_intervals}."
    if sample.unmatched:
        text += f" {counted(sample.unmatched, 'label')} of films that no ledger has."
    return text


def print_monitor(figures: MonitorFigures, console: Console) -> None:
    """A line a week, the alarms, and the sentences."""
    table = Table()
    table.add_column("week of")
    for heading in ("films", "abstained", "positive", "median", "alarms"):
        table.add_column(heading, justify="right")
    for week in figures.weeks:
        alarms = sum(alarm.week == week.week for alarm in figures.alarms)
        base = week.week in figures.baseline_weeks
        table.add_row(
            week.week,
            f"{week.films:,}",
            _share(week.abstained),
            fmt.DASH if week.positive is None else _share(week.positive),
            f"{week.quantiles[2]:.3f}",
            "baseline" if base else str(alarms or fmt.DASH),
            style="bold" if alarms else None,
        )
    console.print(table)
    for alarm in figures.alarms:
        console.print(f"alarm, {alarm.week}: {alarm.message}", markup=False, highlight=False)
    for sentence in sentences(figures):
        console.print(sentence, markup=False, highlight=False)


def write_page(out: Path, figures: MonitorFigures) -> Path:
    """Write monitor.html, monitor.json and plots/ into `out`; the page's path.

    Raises RadistillError if the folder cannot be written.
    """
    write_record(out / "monitor.json", figures)
    drawings: Drawings = {"scores.svg": partial(score_plot, figures)}
    for name in ("abstained", "unreadable", "probability", "embedding"):
        chart = figures.chart(name)
        if chart and chart.points:
            drawings[f"{name}.svg"] = partial(chart_plot, chart, figures.baseline_weeks)
    reasons = [chart for chart in figures.charts if chart.name in WATCHED]
    values = {
        "figures": figures,
        "summary": sentences(figures),
        "plots": draw(out, drawings),
        "reasons": reasons,
        "share": _share,
        "by_week": list(zip(*(chart.points for chart in reasons), strict=True)),
    }
    write_text(out / "monitor.html", render("monitor.html", values, package="radistill.adapt"))
    return out / "monitor.html"


def _share(value: float) -> str:
    return f"{100 * value:.1f} %"
