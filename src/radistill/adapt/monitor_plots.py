"""Plots of the monitor: control charts, and the probabilities by week. All SVG."""

from collections.abc import Sequence

from matplotlib.axes import Axes

from radistill.report.figures.style import FAINT, RIGHT, WRONG, new_figure, styled, to_svg
from radistill.schema.monitor_figures import ControlChart, MonitorFigures

TITLES = {
    "abstained": "share abstained on",
    "unreadable": "share unreadable",
    "probability": "Kolmogorov-Smirnov distance",
    "embedding": "Hotelling's T\u00b2",
}


def chart_plot(chart: ControlChart, baseline: Sequence[str]) -> str:
    """One chart: values, limits as a band, and alarms in another colour and marker.

    baseline: weeks that the limits are made of, with hollow markers.
    """
    with styled():
        figure = new_figure(2.6)
        ax = figure.subplots()
        x = range(len(chart.points))
        lows, highs = zip(*((point.low, point.high) for point in chart.points), strict=True)
        for place, low, high in zip(x, lows, highs, strict=True):
            sides = [place - 0.5, place + 0.5]
            ax.fill_between(sides, low, high, color=FAINT, alpha=0.18, linewidth=0)
            ax.plot(sides, [high, high], color=FAINT, linewidth=1)
        values = [point.value for point in chart.points]
        ax.plot(x, values, color=RIGHT, marker="o", markersize=5, label="within limits")
        first = [i for i, point in enumerate(chart.points) if point.week in baseline]
        if first:
            own = [values[i] for i in first]
            ax.plot(first, own, "o", color="white", markeredgecolor=RIGHT, label="baseline")
        alarms = [i for i, point in enumerate(chart.points) if point.alarm]
        if alarms:
            beyond = [values[i] for i in alarms]
            ax.plot(alarms, beyond, "D", color=WRONG, markersize=7, label="alarm")
        ax.legend(loc="upper left")
        ax.set_ylabel(TITLES.get(chart.name, f"share: {chart.name}"))
        ax.set_ylim(0, max(*values, *highs) * 1.4)  # room for the legend
        _weeks(ax, [point.week for point in chart.points])
        return to_svg(figure)


def score_plot(figures: MonitorFigures) -> str:
    """Median, middle half and middle nine tenths of the probabilities, of the reference first."""
    with styled():
        figure = new_figure(2.8)
        ax = figure.subplots()
        weeks = [week.week for week in figures.weeks]
        rows = [(i, week.quantiles, RIGHT) for i, week in enumerate(figures.weeks)]
        if figures.reference_quantiles and figures.reference == "card":
            rows.append((-1, figures.reference_quantiles, FAINT))
            weeks = ["card", *weeks]
        for x, (lowest, low, middle, high, highest), colour in rows:
            ax.plot([x, x], [lowest, highest], color=colour, linewidth=1.2)
            ax.plot([x, x], [low, high], color=colour, linewidth=7, solid_capstyle="butt")
            ax.plot(x, middle, "o", color="white", markersize=4.5, markeredgecolor=colour)
        ax.set(ylim=(-0.02, 1.02), ylabel="probability")
        _weeks(ax, weeks, len(figures.weeks) - len(weeks))
        return to_svg(figure)


def _weeks(ax: Axes, weeks: Sequence[str], first: int = 0) -> None:
    step = max(1, -(-len(weeks) // 8))  # labels for which there is room
    places = range(first, first + len(weeks))
    ax.set_xticks(places[::step], weeks[::step], rotation=30, ha="right", fontsize=8)
    ax.set_xlim(first - 0.6, first + len(weeks) - 0.4)
