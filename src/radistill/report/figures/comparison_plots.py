"""Plots of a comparison: confusion matrices, ROC curves, accuracy against cost. All SVG."""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.ticker import FuncFormatter, NullFormatter
from sklearn.metrics import roc_curve

from radistill.metrics.predictions import Predictions
from radistill.report.figures.style import (
    FAINT,
    INK,
    clean,
    new_figure,
    panels_for,
    style_of,
    styled,
    to_svg,
)
from radistill.schema.comparison import DatasetFacts, ModelResult

SHADES = LinearSegmentedColormap.from_list("shades", ["#f7f9fb", "#9ecae1", "#08519c"])


def negative_name(dataset: DatasetFacts) -> str:
    """What to call films that are not of the positive class."""
    others = [name for name in dataset.classes if name != dataset.positive]
    return others[0] if len(others) == 1 else "other"


def confusion_plot(models: Sequence[ModelResult], names: tuple[str, str]) -> str:
    """Confusion matrices of all models on test, each at its own threshold.

    names: of the negative and the positive class. Shade and percentage are shares of the true
    class, so rows add up to 100 %.
    """
    with styled():
        figure, panels = panels_for(len(models), 2.45)
        for ax, model in zip(panels, models, strict=True):
            counts = model.test.confusion
            table = np.array([[counts.tn, counts.fp], [counts.fn, counts.tp]])
            _matrix(ax, table, [clean(name, 12) for name in names])
            ax.set_title(clean(model.name), color=style_of(model.name).colour)
        return to_svg(figure)


def _matrix(ax: Axes, table: np.ndarray, names: Sequence[str]) -> None:
    share = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    ax.imshow(share, cmap=SHADES, vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(table):
        ink = "white" if share[row, column] > 0.6 else INK
        centred = partial(ax.text, column, ha="center", va="center", color=ink)
        centred(row - 0.08, f"{count:,}", fontsize=13, fontweight="bold")
        centred(row + 0.24, f"{share[row, column]:.0%}", fontsize=9)
    ax.set_xticks([0, 1], names)
    ax.set_yticks([0, 1], names, rotation=90, va="center")
    ax.set_xlabel("decision")
    ax.set_ylabel("truth")
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)


def roc_plot(models: Sequence[ModelResult], predictions: Mapping[str, Predictions]) -> str:
    """ROC curves of all models on one axis; the marker is the threshold in use."""
    with styled():
        figure = new_figure(5.2)
        ax = figure.subplots()
        ax.plot([0, 1], [0, 1], color=FAINT, linewidth=1, linestyle=(0, (1, 3)))
        for model in models:
            test, p, style = model.test, predictions[model.name], style_of(model.name)
            if test.auc is None or test.specificity is None or test.recall is None:
                continue
            fpr, tpr, _ = roc_curve(p.truth, p.probability)
            ax.plot(fpr, tpr, color=style.colour, linestyle=style.line)
            marked = partial(ax.plot, color=style.colour, marker=style.marker, mec="white")
            marked(1 - test.specificity, test.recall, markersize=8, zorder=3)
            label = f"{clean(model.name)} {test.auc:.3f}"
            marked([], [], linestyle=style.line, markersize=7, label=label)
        ax.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), aspect="equal")
        ax.set_xlabel("1 - specificity (false alarms)")
        ax.set_ylabel("sensitivity (found)")
        if len(ax.lines) > 1:
            ax.legend(loc="lower right", title="AUC on test", alignment="left", handlelength=3)
        return to_svg(figure)


def cost_plot(models: Sequence[ModelResult]) -> str:
    """AUC on test, with its interval, against file size and against latency."""
    points = [
        (model.name, auc, model.test.auc_ci or (auc, auc), model.cost.file_bytes / 1e6, ms)
        for model in models
        if model.cost and model.cost.file_bytes and (ms := model.cost.latency_ms_p50)
        if (auc := model.test.auc) is not None
    ]
    with styled():
        figure = new_figure(3.7)
        left, right = figure.subplots(1, 2, sharey=True)
        titles = (left, "File size, MB"), (right, "Latency of one film, ms")
        for column, (ax, title) in enumerate(titles):
            for i, (name, auc, (low, high), *costs) in enumerate(points):
                aside = 1.08 ** (i - (len(points) - 1) / 2)  # or equal costs hide each other
                style = style_of(name)
                ax.errorbar(
                    costs[column] * aside,
                    auc,
                    yerr=[[max(0, auc - low)], [max(0, high - auc)]],
                    color=style.colour,
                    marker=style.marker,
                    markersize=8,
                    capsize=3,
                    markeredgecolor="white",
                    linestyle="none",
                    label=clean(name),
                )
            ax.set_xscale("log")
            ax.margins(x=0.15)
            ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            ax.xaxis.set_minor_formatter(NullFormatter())
            ax.set_xlabel(title)
        left.set_ylabel("AUC on test")
        handles, labels = left.get_legend_handles_labels()
        across = {"ncols": len(labels) or 1, "handlelength": 1, "columnspacing": 1.2}
        figure.legend(handles, labels, loc="outside upper left", **across)
        return to_svg(figure)
