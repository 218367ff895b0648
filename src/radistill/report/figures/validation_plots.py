"""Plots of what was tuned on validation: reliability diagrams and decision curves. All SVG."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from radistill.metrics.calibration import calibration_of
from radistill.metrics.intervals import wilson
from radistill.metrics.predictions import Predictions
from radistill.metrics.reliability import bin_index
from radistill.metrics.thresholds import decision_curve
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

BINS = 10
RISKS = np.linspace(0.01, 0.99, 99)


def reliability_plot(comparison: Mapping[str, Any], predictions: Mapping[str, Predictions]) -> str:
    """Observed share of the disease by told probability on test, before and after calibration.

    A panel a model, in ten bins of about equal size with Wilson's intervals.
    """
    models = comparison["models"]
    columns = min(2, len(models))
    rows = -(-len(models) // columns)
    with styled():
        figure = new_figure(0.3 + 2.6 * rows)
        panels = list(figure.subplots(rows, columns, squeeze=False).flat)
        for ax, model in zip(panels, models, strict=False):
            p, chosen = predictions[model["name"]], calibration_of(model)
            ax.plot([0, 1], [0, 1], color=FAINT, linewidth=1, linestyle=(0, (1, 3)))
            _reliability(ax, p, p.probability, FAINT, "s", "as trained")
            if chosen.kind != "none":
                colour = look(model["name"]).colour
                _reliability(ax, p, chosen.apply(p.probability), colour, "o", chosen.kind)
            ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
            ax.set(xlabel="told probability", ylabel="observed share")
            ax.set_title(clean(model["name"]), color=look(model["name"]).colour)
            ax.legend(loc="upper left", handlelength=1)
        unused(panels[len(models) :])
        return to_svg(figure)


def _reliability(
    ax: Axes, p: Predictions, told: np.ndarray, colour: str, marker: str, label: str
) -> None:
    members, truth = bin_index(told, BINS, equal_mass=True), p.truth
    patients = np.asarray(p.patient, dtype=object)
    x, y, low, high = [], [], [], []
    for k in np.unique(members):
        inside = members == k
        share = float(truth[inside].mean())
        bottom, top = wilson(truth[inside], patients[inside])
        x.append(float(told[inside].mean()))
        y.append(share)
        low.append(max(0.0, share - bottom))
        high.append(max(0.0, top - share))
    ax.errorbar(x, y, yerr=[low, high], color=colour, marker=marker, markersize=4.5, linewidth=1.2,
                elinewidth=0.9, capsize=2, markeredgecolor="white", label=label)  # fmt: skip


def decision_plot(comparison: Mapping[str, Any], predictions: Mapping[str, Predictions]) -> str:
    """Net benefit on test by risk threshold, against treating everybody and nobody."""
    with styled():
        figure = new_figure(3.8)
        ax = figure.subplots()
        first = next(iter(predictions.values()))
        share = float(first.truth.mean())
        everybody = share - (1 - share) * RISKS / (1 - RISKS)
        ax.plot(RISKS, everybody, color=INK, linewidth=1, linestyle=(0, (4, 2)), label="treat all")
        ax.axhline(0, color=FAINT, linewidth=1, label="treat none")
        for model in comparison["models"]:
            p = predictions[model["name"]]
            style = look(model["name"])
            benefit = decision_curve(p, calibration_of(model), RISKS)
            ax.plot(RISKS, benefit, color=style.colour, linestyle=style.line,
                    label=clean(model["name"]))  # fmt: skip
        ax.set(xlim=(0, 1), ylim=(-0.05 - 0.1 * share, share * 1.08))
        ax.set(xlabel="risk from which one would treat", ylabel="net benefit")
        ax.legend(loc="lower left", handlelength=2.5)
        return to_svg(figure)
