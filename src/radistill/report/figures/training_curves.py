"""Training curves from history.csv. All SVG."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from radistill.report.figures.style import FAINT, clean, panels_for, style_of, styled, to_svg
from radistill.training.history import Epoch

History = Sequence[Epoch]


def loss_plot(histories: Mapping[str, History]) -> str:
    """Loss by epoch, a panel a model: the scales differ, since distillation has its own loss."""

    def draw(ax: Axes, epochs: np.ndarray, history: History, colour: str) -> None:
        _line(ax, epochs, [row.train_loss for row in history], FAINT, "--", "train")
        _line(ax, epochs, [row.val_loss for row in history], colour, "-", "validation")

    return _panels(histories, "loss", draw)


def score_plot(histories: Mapping[str, History]) -> str:
    """AUC and accuracy on validation by epoch, a panel a model."""

    def draw(ax: Axes, epochs: np.ndarray, history: History, colour: str) -> None:
        _line(ax, epochs, [row.val_auc for row in history], colour, "-", "AUC")
        _line(ax, epochs, [row.val_accuracy for row in history], FAINT, "--", "accuracy")
        ax.set_ylim(top=1.005)

    return _panels(histories, "validation", draw)


def _line(
    ax: Axes, epochs: np.ndarray, values: list[float], colour: str, line: str, label: str
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
            epochs = np.arange(1, len(history) + 1)
            draw(ax, epochs, history, style_of(name).colour)
            _mark_phases(ax, [row.phase for row in history])
            ax.set_title(clean(name), color=style_of(name).colour)
            ax.set(xlabel="epoch", ylabel=what)
            ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1, nbins=6))
            ax.legend(loc="best", handlelength=2)
        return to_svg(figure)


def _mark_phases(ax: Axes, phases: list[str]) -> None:
    """A line where one phase, such as the head alone, gives way to the next."""
    for i in range(1, len(phases)):
        if phases[i] != phases[i - 1]:
            ax.axvline(i + 0.5, color=FAINT, linewidth=1, linestyle=(0, (1, 2)))
