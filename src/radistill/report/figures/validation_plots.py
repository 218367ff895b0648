"""Plots of what was tuned on validation: reliability diagrams and decision curves. All SVG."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from radistill.metrics.calibration import UNCALIBRATED, calibrate
from radistill.metrics.intervals import wilson
from radistill.metrics.predictions import Predictions
from radistill.metrics.reliability import bin_index
from radistill.metrics.thresholds import net_benefit
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
from radistill.schema.comparison import ModelResult

BINS = 10
RISKS = np.linspace(0.01, 0.99, 99)


def reliability_plot(models: Sequence[ModelResult], predictions: Mapping[str, Predictions]) -> str:
    """Observed share of the disease by predicted probability, before and after calibration.

    A panel a model, in ten bins of about equal size with Wilson's intervals.
    """
    with styled():
        figure, panels = panels_for(len(models), 2.6)
        for ax, model in zip(panels, models, strict=True):
            p, chosen = predictions[model.name], model.calibration or UNCALIBRATED
            colour = style_of(model.name).colour
            ax.plot([0, 1], [0, 1], color=FAINT, linewidth=1, linestyle=(0, (1, 3)))
            _reliability(ax, p, p.probability, FAINT, "s", "as trained")
            if chosen.kind != "none":
                _reliability(ax, p, calibrate(chosen, p.probability), colour, "o", chosen.kind)
            ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
            ax.set(xlabel="predicted probability", ylabel="observed share")
            ax.set_title(clean(model.name), color=colour)
            ax.legend(loc="upper left", handlelength=1)
        return to_svg(figure)


def _reliability(
    ax: Axes, p: Predictions, probability: np.ndarray, colour: str, marker: str, label: str
) -> None:
    members, truth = bin_index(probability, BINS, equal_mass=True), p.truth
    patients = np.asarray(p.patient, dtype=object)
    x, y, low, high = [], [], [], []
    for k in np.unique(members):
        inside = members == k
        share = float(truth[inside].mean())
        bottom, top = wilson(truth[inside], patients[inside])
        x.append(float(probability[inside].mean()))
        y.append(share)
        low.append(max(0.0, share - bottom))
        high.append(max(0.0, top - share))
    ax.errorbar(
        x,
        y,
        yerr=[low, high],
        color=colour,
        marker=marker,
        markersize=4.5,
        linewidth=1.2,
        elinewidth=0.9,
        capsize=2,
        markeredgecolor="white",
        label=label,
    )


def decision_plot(models: Sequence[ModelResult], predictions: Mapping[str, Predictions]) -> str:
    """Net benefit on test by risk threshold, against treating everybody and nobody."""
    with styled():
        figure = new_figure(3.8)
        ax = figure.subplots()
        first = next(iter(predictions.values()))
        share = float(first.truth.mean())
        everybody = share - (1 - share) * RISKS / (1 - RISKS)
        ax.plot(RISKS, everybody, color=INK, linewidth=1, linestyle=(0, (4, 2)), label="treat all")
        ax.axhline(0, color=FAINT, linewidth=1, label="treat none")
        for model in models:
            p, style = predictions[model.name], style_of(model.name)
            calibrated = calibrate(model.calibration or UNCALIBRATED, p.probability)
            benefit = net_benefit(p.truth, calibrated, RISKS)
            label = clean(model.name)
            ax.plot(RISKS, benefit, color=style.colour, linestyle=style.line, label=label)
        ax.set(xlim=(0, 1), ylim=(-0.05 - 0.1 * share, share * 1.08))
        ax.set(xlabel="risk from which one would treat", ylabel="net benefit")
        ax.legend(loc="lower left", handlelength=2.5)
        return to_svg(figure)
