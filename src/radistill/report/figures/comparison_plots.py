"""Plots of a comparison: confusion matrices, ROC curves, accuracy against cost. All SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.ticker import FuncFormatter, NullFormatter
from sklearn.metrics import roc_curve

from radistill.metrics.predictions import Predictions
from radistill.report import fmt
from radistill.report.figures.style import (
    FAINT,
    INK,
    clean,
    look,
    new_figure,
    styled,
    to_svg,
    unused,
)

SHADES = LinearSegmentedColormap.from_list("shades", ["#f7f9fb", "#9ecae1", "#08519c"])


def negative_name(dataset: Mapping[str, Any]) -> str:
    """What to call films that are not of the positive class."""
    others = [name for name in dataset["classes"] if name != dataset["positive"]]
    return str(others[0]) if len(others) == 1 else "other"


def confusion_plot(comparison: Mapping[str, Any]) -> str:
    """Confusion matrices of all models on test, each at its own threshold.

    Shade and percentage are shares of the true class, so rows add up to 100 %.
    """
    models = comparison["models"]
    columns = min(2, len(models))
    rows = -(-len(models) // columns)
    names = [negative_name(comparison["dataset"]), str(comparison["dataset"]["positive"])]
    with styled():
        figure = new_figure(0.3 + 2.45 * rows)
        panels = list(figure.subplots(rows, columns, squeeze=False).flat)
        for ax, model in zip(panels, models, strict=False):
            counts = model["test"]["confusion"]
            table = np.array([[counts["tn"], counts["fp"]], [counts["fn"], counts["tp"]]])
            _matrix(ax, table, [clean(name, 12) for name in names])
            ax.set_title(clean(model["name"]), color=look(model["name"]).colour)
        unused(panels[len(models) :])
        return to_svg(figure)


def _matrix(ax: Axes, table: np.ndarray, names: Sequence[str]) -> None:
    share = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    ax.imshow(share, cmap=SHADES, vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(table):
        colour = "white" if share[row, column] > 0.6 else INK
        ax.text(column, row - 0.08, f"{count:,}", ha="center", va="center", color=colour,
                fontsize=13, fontweight="bold")  # fmt: skip
        ax.text(column, row + 0.24, f"{share[row, column]:.0%}", ha="center", va="center",
                color=colour, fontsize=9)  # fmt: skip
    ax.set_xticks([0, 1], names)
    ax.set_yticks([0, 1], names, rotation=90, va="center")
    ax.set_xlabel("decision")
    ax.set_ylabel("truth")
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)


def roc_plot(comparison: Mapping[str, Any], predictions: Mapping[str, Predictions]) -> str:
    """ROC curves of all models on one axis; the marker is the threshold in use."""
    with styled():
        figure = new_figure(5.2)
        ax = figure.subplots()
        ax.plot([0, 1], [0, 1], color=FAINT, linewidth=1, linestyle=(0, (1, 3)))
        for model in comparison["models"]:
            test, p = model["test"], predictions[model["name"]]
            if test["auc"] is None:
                continue
            style = look(model["name"])
            fpr, tpr, _ = roc_curve(p.truth, p.probability)
            label = f"{clean(model['name'])} {test['auc']:.3f}"
            ax.plot(fpr, tpr, color=style.colour, linestyle=style.line)
            point = (1 - test["specificity"], test["recall"])
            ax.plot(*point, style.marker, color=style.colour, markersize=8,
                    markeredgecolor="white", zorder=3)  # fmt: skip
            ax.plot([], [], color=style.colour, linestyle=style.line, marker=style.marker,
                    markeredgecolor="white", markersize=7, label=label)  # fmt: skip
        ax.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), aspect="equal")
        ax.set_xlabel("1 - specificity (false alarms)")
        ax.set_ylabel("sensitivity (found)")
        if len(ax.lines) > 1:
            ax.legend(loc="lower right", title="AUC on test", alignment="left", handlelength=3)
        return to_svg(figure)


def cost_plot(comparison: Mapping[str, Any]) -> str:
    """AUC on test, with its interval, against file size and against latency."""
    models = [m for m in comparison["models"] if m.get("cost") and m["test"]["auc"] is not None]
    with styled():
        figure = new_figure(3.7)
        left, right = figure.subplots(1, 2, sharey=True)
        for ax, key, scale, title in (
            (left, "file_bytes", 1e6, "File size, MB"),
            (right, "latency_ms_p50", 1, "Latency of one film, ms"),
        ):
            for i, model in enumerate(models):
                aside = 1.08 ** (i - (len(models) - 1) / 2)  # or equal costs hide each other
                style, test = look(model["name"]), model["test"]
                low, high = test["auc_ci"]
                ax.errorbar(
                    model["cost"][key] / scale * aside, test["auc"],
                    yerr=[[max(0, test["auc"] - low)], [max(0, high - test["auc"])]],
                    color=style.colour, marker=style.marker, markersize=8, capsize=3,
                    markeredgecolor="white", linestyle="none", label=clean(model["name"]),
                )  # fmt: skip
            ax.set_xscale("log")
            ax.margins(x=0.15)
            ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            ax.xaxis.set_minor_formatter(NullFormatter())
            ax.set_xlabel(title)
        left.set_ylabel("AUC on test")
        handles, labels = left.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper left", ncols=len(labels) or 1,
                      handlelength=1, columnspacing=1.2)  # fmt: skip
        return to_svg(figure)


def describe(comparison: Mapping[str, Any]) -> str:
    """The AUCs as a sentence, for readers who cannot see the plots."""
    parts = [f"{m['name']} {fmt.figure(m['test']['auc'])}" for m in comparison["models"]]
    return "AUC on test: " + ", ".join(parts) + "."
