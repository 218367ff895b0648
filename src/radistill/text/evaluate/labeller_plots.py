"""Plots of labellers: calibration, the most telling words, what each step is worth. All SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from radistill.report.figures.style import (
    FAINT,
    RIGHT,
    WRONG,
    clean,
    look,
    new_figure,
    styled,
    to_svg,
)
from radistill.text.evaluate.scores import Answers
from radistill.text.evaluate.terminal import shown

BINS = 10


def calibration_plot(one: Answers, names: Sequence[str]) -> str:
    """Share of positive reports by predicted probability, in bins; points as large as their bin."""
    with styled():
        figure = new_figure(4.6)
        ax = figure.subplots()
        ax.plot([0, 1], [0, 1], color=FAINT, linewidth=1, linestyle=(0, (1, 3)))
        for name in names:
            style = look(shown(name))
            said, was, count = reliability(one.truth, one.scored[name].probability)
            ax.plot(said, was, color=style.colour, linestyle=style.line, linewidth=1.2)
            ax.scatter(said, was, s=12 + 160 * np.sqrt(count / len(one.truth)), color=style.colour,
                       marker=style.marker, edgecolor="white", zorder=3,
                       label=clean(shown(name)))  # fmt: skip
        ax.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), aspect="equal")
        ax.set_xlabel(f"probability of {clean(one.asked.positive)}")
        ax.set_ylabel("share that was")
        ax.legend(loc="upper left", markerscale=0.5)
        return to_svg(figure)


def reliability(
    truth: np.ndarray, probability: np.ndarray, bins: int = BINS
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(mean probability, share of positives, reports) of the bins that hold any."""
    index = np.minimum((probability * bins).astype(int), bins - 1)
    count = np.bincount(index, minlength=bins)
    held = count > 0
    said = np.bincount(index, probability, bins)[held] / count[held]
    was = np.bincount(index, truth, bins)[held] / count[held]
    return said, was, count[held]


def words_plot(
    up: Sequence[tuple[str, float]], down: Sequence[tuple[str, float]], names: tuple[str, str]
) -> str:
    """The words that speak most for each class, by log-odds. names: negative, positive."""
    with styled():
        figure = new_figure(0.7 + 0.24 * max(len(up), len(down)))
        left, right = figure.subplots(1, 2)
        for ax, words, colour, name in (
            (left, down, RIGHT, names[0]),
            (right, up, WRONG, names[1]),
        ):
            _bars(ax, words, colour)
            ax.set_title(f"for {clean(name)}")
            ax.set_xlabel("log-odds")
        return to_svg(figure)


def _bars(ax: Axes, words: Sequence[tuple[str, float]], colour: str) -> None:
    places = np.arange(len(words))
    ax.barh(places, [abs(odds) for _, odds in words], color=colour, height=0.7)
    ax.set_yticks(places, [clean(word, 30) for word, _ in words], fontsize=8)
    ax.invert_yaxis()
    ax.grid(visible=False, axis="y")
    ax.tick_params(axis="y", length=0)


def ablation_plot(rows: Sequence[Mapping[str, Any]], tasks: Sequence[str]) -> str:
    """Change of naive Bayes' AUC when a step is taken away, with intervals, a panel a task."""
    with styled():
        figure = new_figure(0.5 + 1.75 * len(tasks))
        panels = figure.subplots(len(tasks), 1, squeeze=False)[:, 0]
        for ax, task in zip(panels, tasks, strict=True):
            found = [row for row in rows if row["task"] == task and "ci" in row]
            places = np.arange(len(found))
            change = np.array([row["auc_change"] for row in found])
            low, high = np.array([row["ci"] for row in found]).T
            ax.axvline(0, color=FAINT, linewidth=1)
            ax.errorbar(
                change, places, xerr=[np.maximum(change - low, 0), np.maximum(high - change, 0)],
                fmt="o", color=RIGHT, capsize=3, markersize=5, linewidth=1.2,
            )  # fmt: skip
            ax.set_yticks(places, [f"without {row['without'].replace('_', ' ')}" for row in found])
            ax.set_ylim(len(found) - 0.5, -0.5)
            ax.set_title(clean(task, 40))
            ax.xaxis.set_major_locator(MaxNLocator(5))
        panels[-1].set_xlabel("change of AUC")
        return to_svg(figure)
