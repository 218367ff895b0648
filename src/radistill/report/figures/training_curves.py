"""Training curves from history.csv. All SVG."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from radistill.errors import RadistillError
from radistill.report.figures.style import FAINT, clean, panels_for, style_of, styled, to_svg

NUMBERS = ("train_loss", "val_loss", "val_auc", "val_accuracy")


@dataclass(frozen=True, eq=False)
class History:
    """One row an epoch: `phase` names, and (E,) floats by column, NaN where nothing was logged."""

    phase: tuple[str, ...]
    values: Mapping[str, np.ndarray]


def read_history(path: Path) -> History | None:
    """Read a history.csv; None if there is none or no epoch is in it.

    Raises RadistillError if it is damaged.
    """
    if not path.exists():
        return None
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        values = {name: np.array([_number(row[name]) for row in rows]) for name in NUMBERS}
        phase = tuple(row["phase"] for row in rows)
    except (KeyError, TypeError, ValueError, UnicodeDecodeError) as error:
        raise RadistillError(f"{path}: is not a training history ({error!r})") from None
    return History(phase, values) if rows else None


def _number(cell: str) -> float:
    return float(cell) if cell else float("nan")


def loss_plot(histories: Mapping[str, History]) -> str:
    """Loss by epoch, a panel a model: the scales differ, since distillation has its own loss."""

    def draw(ax: Axes, epochs: np.ndarray, history: History, colour: str) -> None:
        train, val = history.values["train_loss"], history.values["val_loss"]
        _line(ax, epochs, train, FAINT, "--", "train")
        _line(ax, epochs, val, colour, "-", "validation")

    return _panels(histories, "loss", draw)


def score_plot(histories: Mapping[str, History]) -> str:
    """AUC and accuracy on validation by epoch, a panel a model."""

    def draw(ax: Axes, epochs: np.ndarray, history: History, colour: str) -> None:
        auc, accuracy = history.values["val_auc"], history.values["val_accuracy"]
        _line(ax, epochs, auc, colour, "-", "AUC")
        _line(ax, epochs, accuracy, FAINT, "--", "accuracy")
        ax.set_ylim(top=1.005)

    return _panels(histories, "validation", draw)


def _line(
    ax: Axes, epochs: np.ndarray, values: np.ndarray, colour: str, line: str, label: str
) -> None:
    marker = "o" if len(epochs) <= 12 else ""
    ax.plot(epochs, values, line, color=colour, marker=marker, markersize=3.5, label=label)


def _panels(
    histories: Mapping[str, History],
    what: str,
    draw: Callable[[Axes, np.ndarray, History, str], None],
) -> str:
    with styled():
        figure, panels = panels_for(len(histories), 2.2)
        for ax, (name, history) in zip(panels, histories.items(), strict=True):
            epochs = np.arange(1, len(history.phase) + 1)
            draw(ax, epochs, history, style_of(name).colour)
            _mark_phases(ax, history.phase)
            ax.set_title(clean(name), color=style_of(name).colour)
            ax.set(xlabel="epoch", ylabel=what)
            ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1, nbins=6))
            ax.legend(loc="best", handlelength=2)
        return to_svg(figure)


def _mark_phases(ax: Axes, phases: tuple[str, ...]) -> None:
    """A line where one phase, such as the head alone, gives way to the next."""
    for i in range(1, len(phases)):
        if phases[i] != phases[i - 1]:
            ax.axvline(i + 0.5, color=FAINT, linewidth=1, linestyle=(0, (1, 2)))
