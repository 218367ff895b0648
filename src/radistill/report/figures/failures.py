"""Plots of where a model fails: groups, corrupted films, other data. All SVG."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from radistill.metrics.predictions import Predictions
from radistill.report.figures.style import (
    FAINT,
    INK,
    RIGHT,
    WRONG,
    clean,
    new_figure,
    panels_for,
    styled,
    to_svg,
)
from radistill.schema.comparison import External
from radistill.schema.figures import Figures
from radistill.schema.record import Interval
from radistill.schema.weak_points import CorruptionPoint, GroupFigures, Robustness

AUC_COLOUR, RECALL_COLOUR = RIGHT, WRONG
Name = Literal["auc", "recall", "specificity"]


def group_plot(groups: Sequence[GroupFigures], overall: Figures) -> str:
    """AUC, sensitivity and specificity of each group with their intervals, a row a group.

    overall: figures of all films, drawn as a line.
    """
    panels: tuple[tuple[Name, str], ...] = (
        ("auc", "AUC"),
        ("recall", "sensitivity"),
        ("specificity", "specificity"),
    )
    heights = np.arange(len(groups))[::-1]
    with styled():
        figure = new_figure(0.9 + 0.3 * len(groups))
        axes = list(figure.subplots(1, 3, sharey=True, squeeze=False).flat)
        for ax, (key, title) in zip(axes, panels, strict=True):
            value = overall.value(key)
            if value is not None:
                ax.axvline(value, color=FAINT, linewidth=1, linestyle=(0, (1, 2)))
            rows = [_figure(group, key) for group in groups]
            for height, (value, ci) in zip(heights, rows, strict=True):
                if ci and value is not None:
                    ax.plot(ci, [height, height], color=RIGHT, linewidth=1.4)
                if value is not None:
                    ax.plot(value, height, "o", color=RIGHT, markersize=5, markeredgecolor="white")
            lowest = min((ci[0] if ci else v for v, ci in rows if v is not None), default=0.5)
            left = max(-0.02, float(np.floor(10 * lowest) / 10 - 0.02))
            ax.set(xlim=(left, 1.02), xlabel=title, ylim=(-0.6, len(groups) - 0.4))
            ax.tick_params(axis="x", labelsize=8)
        names = [f"{clean(g.by, 12)}: {clean(g.group, 14)} ({g.n})" for g in groups]
        axes[0].set_yticks(heights, names, fontsize=8)
        for ax in axes:
            ax.tick_params(axis="y", length=0)
        return to_svg(figure)


def _figure(
    record: GroupFigures | CorruptionPoint, name: Name
) -> tuple[float | None, Interval | None]:
    """A figure with its interval."""
    return getattr(record, name), getattr(record, f"{name}_ci")


def robustness_plot(robustness: Robustness) -> str:
    """AUC and sensitivity by severity, a panel a corruption; the left end is the film as it is.

    The severities are drawn in even steps, each with its own unit.
    """
    with styled():
        figure, panels = panels_for(len(robustness.curves), 1.55, 3, top=0.5, sharey=True)
        for ax, curve in zip(panels, robustness.curves, strict=True):
            _curve(ax, curve.points, "recall", RECALL_COLOUR, "s", "--")
            _curve(ax, curve.points, "auc", AUC_COLOUR, "o", "-")
            levels = [f"{point.level:g}" for point in curve.points]
            ax.set_xticks(range(len(levels)), levels, fontsize=8)
            ax.set_title(clean(curve.name), fontsize=9)
            ax.set_ylim(-0.03, 1.03)
        lines = [
            panels[0].plot([], [], "o-", color=AUC_COLOUR, label="AUC")[0],
            panels[0].plot([], [], "s--", color=RECALL_COLOUR, label="sensitivity")[0],
        ]
        figure.legend(handles=lines, loc="outside upper left", ncols=2)
        return to_svg(figure)


def _curve(
    ax: Axes, points: Sequence[CorruptionPoint], name: Name, colour: str, marker: str, line: str
) -> None:
    known = [
        (x, value, ci)
        for x, (value, ci) in enumerate(_figure(point, name) for point in points)
        if value is not None
    ]
    x, y = [x for x, _, _ in known], [value for _, value, _ in known]
    ends = [ci for _, _, ci in known if ci]
    if known and len(ends) == len(known):
        low, high = zip(*ends, strict=True)
        ax.fill_between(x, low, high, color=colour, alpha=0.15, linewidth=0)
    ax.plot(x, y, line, color=colour, marker=marker, markersize=3.5, linewidth=1.4)


def shift_plot(p: Predictions, external: External) -> str:
    """The scores on these films by truth, with the threshold as shipped and the best one here."""
    edges = np.linspace(0, 1, 26).tolist()
    with styled():
        figure = new_figure(3.2)
        ax = figure.subplots()
        ax.hist(p.probability[~p.truth], edges, color=FAINT, alpha=0.55, label="others")
        ax.hist(p.probability[p.truth], edges, color=WRONG, alpha=0.55, label=clean(p.positive))
        ax.axvline(external.shipped.threshold, color=INK, linewidth=1.4, label="as shipped")
        if external.best:
            best = external.best.threshold
            ax.axvline(best, color=INK, linewidth=1.2, linestyle=(0, (4, 2)), label="best here")
        ax.set(xlim=(0, 1), xlabel="predicted probability", ylabel="films")
        ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        figure.legend(loc="outside upper left", ncols=4, handlelength=1.4)
        return to_svg(figure)
