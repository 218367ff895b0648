"""AUC against the number of patients with labels, as SVG."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter, NullLocator

from radistill.metrics.power_law import PowerLaw
from radistill.report.figures.style import FAINT, ModelStyle, new_figure, style_of, styled, to_svg
from radistill.schema.label_curve import Arm, CurveLaw, LabelCurve

ARM_NAMES: dict[Arm, str] = {
    "alone": "student alone",
    "labelled": "distilled on the labelled",
    "all": "distilled on all",
}
_MODELS: dict[Arm, str] = {"alone": "student-alone", "labelled": "baseline", "all": "student"}
_ASIDE = 1.035  # or the intervals of the arms would hide each other


def arm_style(arm: Arm) -> ModelStyle:
    """Colour, line and marker of an arm: those of the same student in a report."""
    return style_of(_MODELS[arm])


def curve_plot(curve: LabelCurve) -> str:
    """Mean AUC of each arm with its interval, each seed as a dot, and the power laws as lines."""
    with styled():
        figure = new_figure(4.2)
        ax = figure.subplots()
        arms = list(curve.points[0].arms)
        for place, arm in enumerate(arms):
            _arm(ax, curve, arm, _ASIDE ** (place - (len(arms) - 1) / 2))
        ax.set_xscale("log")
        ax.set_xticks(
            [point.patients for point in curve.points],
            [f"{point.patients:,.0f}\n{point.films:,.0f}" for point in curve.points],
        )
        ax.xaxis.set_minor_locator(NullLocator())
        ax.xaxis.set_minor_formatter(NullFormatter())
        ax.margins(x=0.08)
        ax.set_xlabel("patients with labels, and their films")
        ax.set_ylabel("AUC on test")
        ax.legend(loc="lower right")
        return to_svg(figure)


def _arm(ax: Axes, curve: LabelCurve, arm: Arm, aside: float) -> None:
    style = arm_style(arm)
    x = np.array([point.patients for point in curve.points]) * aside
    of_points = [point.arms[arm] for point in curve.points]
    auc = np.array([one.auc for one in of_points])
    ends = np.array([one.ci or (one.auc, one.auc) for one in of_points]).T
    for place, one in zip(x, of_points, strict=True):
        if len(one.by_seed) > 1:
            seeds = [place] * len(one.by_seed)
            ax.plot(seeds, one.by_seed, ".", color=style.colour, alpha=0.45, markersize=4)
    law = curve.laws.get(arm)
    ax.errorbar(
        x,
        auc,
        yerr=np.maximum(0, [auc - ends[0], ends[1] - auc]),
        color=style.colour,
        marker=style.marker,
        markersize=7,
        markeredgecolor="white",
        capsize=3,
        linestyle="none",
        label=ARM_NAMES[arm],
    )
    if law:
        n = np.geomspace(x[0] / aside, x[-1] / aside, 100)
        ax.plot(n, 1 - _errors(law, n), style.line, color=style.colour, linewidth=1.3)
    if len(curve.points) == 1:
        ax.axhline(auc[0], color=FAINT, linewidth=0.6)


def _errors(law: CurveLaw, n: np.ndarray) -> np.ndarray:
    fitted = PowerLaw(*(np.array([value]) for value in (law.a, law.b, law.c)))
    return np.asarray(fitted.errors(n)[0])
