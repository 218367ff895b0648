"""Plots of where a model fails: groups, damaged films, other data. All SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

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
    styled,
    to_svg,
)
from radistill.report.figures.style import unused as hide

AUC_COLOUR, RECALL_COLOUR = RIGHT, WRONG
Groups = Sequence[Mapping[str, Any]]


def group_plot(groups: Groups, overall: Mapping[str, Any]) -> str:
    """AUC, sensitivity and specificity of each group with their intervals, a row a group.

    groups: as `by_group` gives them. overall: figures of all films, drawn as a line.
    """
    panels = (("auc", "AUC"), ("recall", "sensitivity"), ("specificity", "specificity"))
    heights = np.arange(len(groups))[::-1]
    with styled():
        figure = new_figure(0.9 + 0.3 * len(groups))
        axes = list(figure.subplots(1, 3, sharey=True, squeeze=False).flat)
        for ax, (key, title) in zip(axes, panels, strict=True):
            if overall.get(key) is not None:
                ax.axvline(overall[key], color=FAINT, linewidth=1, linestyle=(0, (1, 2)))
            for height, group in zip(heights, groups, strict=True):
                _whisker(ax, group, key, float(height))
            ax.set(xlim=(_left(groups, key), 1.02), xlabel=title, ylim=(-0.6, len(groups) - 0.4))
            ax.tick_params(axis="x", labelsize=8)
        names = [
            f"{clean(str(g['by']), 12)}: {clean(str(g['group']), 14)} ({g['n']})" for g in groups
        ]
        axes[0].set_yticks(heights, names, fontsize=8)
        for ax in axes:
            ax.tick_params(axis="y", length=0)
        return to_svg(figure)


def _left(groups: Groups, key: str) -> float:
    """Where an axis of shares may start: a tenth below its lowest value."""
    low = [(group[f"{key}_ci"] or [group[key]])[0] for group in groups if group[key] is not None]
    return max(-0.02, float(np.floor(10 * min(low, default=0.5)) / 10 - 0.02))


def _whisker(ax: Axes, group: Mapping[str, Any], key: str, height: float) -> None:
    if group[key] is None:
        return
    if group[f"{key}_ci"]:
        ax.plot(group[f"{key}_ci"], [height, height], color=RIGHT, linewidth=1.4)
    ax.plot(group[key], height, "o", color=RIGHT, markersize=5, markeredgecolor="white")


def robustness_plot(found: Mapping[str, Any]) -> str:
    """AUC and sensitivity by severity, a panel a kind of damage; the left end is no damage.

    found: as `robustness` gives it. The severities stand in even steps, each with its own unit.
    """
    curves = found["curves"]
    columns = 3
    rows = -(-len(curves) // columns)
    with styled():
        figure = new_figure(0.5 + 1.55 * rows)
        panels = list(figure.subplots(rows, columns, squeeze=False, sharey=True).flat)
        for ax, curve in zip(panels, curves, strict=False):
            steps = np.arange(len(curve["points"]))
            _curve(ax, steps, curve["points"], "recall", RECALL_COLOUR, "s", "--")
            _curve(ax, steps, curve["points"], "auc", AUC_COLOUR, "o", "-")
            ax.set_xticks(steps, [f"{point['level']:g}" for point in curve["points"]], fontsize=8)
            ax.set_title(clean(curve["name"]), fontsize=9)
            ax.set_ylim(-0.03, 1.03)
        hide(panels[len(curves) :])
        lines = [
            panels[0].plot([], [], "o-", color=AUC_COLOUR, label="AUC")[0],
            panels[0].plot([], [], "s--", color=RECALL_COLOUR, label="sensitivity")[0],
        ]
        figure.legend(handles=lines, loc="outside upper left", ncols=2)
        return to_svg(figure)


def _curve(
    ax: Axes,
    steps: np.ndarray,
    points: Sequence[Mapping[str, Any]],
    key: str,
    colour: str,
    marker: str,
    line: str,
) -> None:
    known = [(x, p[key], p[f"{key}_ci"]) for x, p in zip(steps, points, strict=True)
             if p[key] is not None]  # fmt: skip
    if not known:
        return
    x, y, ci = zip(*known, strict=True)
    if all(ci):
        ax.fill_between(x, [c[0] for c in ci], [c[1] for c in ci], color=colour, alpha=0.15,
                        linewidth=0)  # fmt: skip
    ax.plot(x, y, line, color=colour, marker=marker, markersize=3.5, linewidth=1.4)


def shift_plot(p: Predictions, external: Mapping[str, Any]) -> str:
    """How the scores spread on these films, by truth; ticks are the quartiles of the model's own.

    external: with `shift`, and `shipped` and `best` thresholds.
    """
    edges = np.linspace(0, 1, 26).tolist()
    with styled():
        figure = new_figure(3.2)
        ax = figure.subplots()
        ax.hist(p.probability[~p.truth], edges, color=FAINT, alpha=0.55, label="others")
        ax.hist(p.probability[p.truth], edges, color=WRONG, alpha=0.55, label=clean(p.positive))
        ax.axvline(external["shipped"]["threshold"], color=INK, linewidth=1.4, label="as shipped")
        if external.get("best"):
            ax.axvline(external["best"]["threshold"], color=INK, linewidth=1.2,
                       linestyle=(0, (4, 2)), label="best here")  # fmt: skip
        ax.set(xlim=(0, 1), xlabel="told probability", ylabel="films")
        ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        figure.legend(loc="outside upper left", ncols=4, handlelength=1.4)
        return to_svg(figure)
