"""Plots of labellers: calibration, terms of each class, the effect of each step. All SVG."""

from collections.abc import Sequence

import numpy as np
from matplotlib.ticker import MaxNLocator
from sklearn.calibration import calibration_curve

from radistill.report.figures.style import (
    FAINT,
    RIGHT,
    WRONG,
    clean,
    new_figure,
    style_of,
    styled,
    to_svg,
)
from radistill.schema.labeller_figures import AblationRow
from radistill.text.evaluate.scores import TaskScores
from radistill.text.evaluate.terminal import shown
from radistill.text.labeller.labeller import ClassTerms


def calibration_plot(scores: TaskScores, names: Sequence[str]) -> str:
    """Share of positive reports by predicted probability, in ten bins."""
    with styled():
        figure = new_figure(4.6)
        ax = figure.subplots()
        ax.plot([0, 1], [0, 1], color=FAINT, linewidth=1, linestyle=(0, (1, 3)))
        for name in names:
            style, p = style_of(shown(name)), scores.labellers[name].probability
            share, mean = calibration_curve(scores.task.truth, p, n_bins=10)
            ax.plot(
                mean,
                share,
                style.line,
                marker=style.marker,
                color=style.colour,
                label=clean(shown(name)),
            )
        ax.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), aspect="equal")
        ax.set_xlabel(f"probability of {clean(scores.task.positive)}")
        ax.set_ylabel("share that is positive")
        ax.legend(loc="upper left")
        return to_svg(figure)


def terms_plot(chosen: ClassTerms, names: tuple[str, str]) -> str:
    """The terms that speak most for each class, by log-odds. names: negative, positive."""
    with styled():
        figure = new_figure(0.7 + 0.24 * max(map(len, chosen)))
        axes = figure.subplots(1, 2)
        for ax, terms, colour, name in zip(axes, chosen[::-1], (RIGHT, WRONG), names, strict=True):
            places = np.arange(len(terms))
            ax.barh(places, [abs(odds) for _, odds in terms], color=colour, height=0.7)
            ax.set_yticks(places, [clean(term, 30) for term, _ in terms], fontsize=8)
            ax.invert_yaxis()
            ax.grid(visible=False, axis="y")
            ax.tick_params(axis="y", length=0)
            ax.set_title(f"for {clean(name)}")
            ax.set_xlabel("log-odds")
        return to_svg(figure)


def ablation_plot(rows: Sequence[AblationRow], tasks: Sequence[str]) -> str:
    """Change of naive Bayes' AUC when a step is taken away, with intervals, a panel a task."""
    with styled():
        figure = new_figure(0.5 + 1.75 * len(tasks))
        panels = figure.subplots(len(tasks), 1, squeeze=False)[:, 0]
        for ax, task in zip(panels, tasks, strict=True):
            ax.axvline(0, color=FAINT, linewidth=1)
            names: list[str] = []
            for row in rows:
                if row.task != task or row.ci is None or row.auc_change is None:
                    continue
                low, high = row.ci
                ends = [[max(row.auc_change - low, 0)], [max(high - row.auc_change, 0)]]
                ax.errorbar(row.auc_change, len(names), xerr=ends, fmt="o", color=RIGHT, capsize=3)
                names.append(f"without {row.without.replace('_', ' ')}")
            ax.set_yticks(range(len(names)), names)
            ax.set_ylim(len(names) - 0.5, -0.5)
            ax.set_title(clean(task, 40))
            ax.xaxis.set_major_locator(MaxNLocator(5))
        panels[-1].set_xlabel("change of AUC")
        return to_svg(figure)
