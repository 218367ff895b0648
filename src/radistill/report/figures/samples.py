"""Sheets of films with a model's probability: some drawn at random, and the worst mistakes."""

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from radistill.errors import RadistillError
from radistill.metrics.predictions import Predictions
from radistill.report.figures.style import (
    FAINT,
    INK,
    RIGHT,
    WRONG,
    clean,
    panels_for,
    styled,
    to_png,
)

Thumbnails = Callable[[str], np.ndarray]
COLUMNS = 4
COUNT = 12


def random_films(p: Predictions, seed: int, count: int = COUNT) -> list[int]:
    """Indices of up to `count` films, half of them positive where there are enough."""
    order = np.random.default_rng(seed).permutation(len(p))
    return _half_each(order[p.truth[order]], order[~p.truth[order]], count)


def worst_mistakes(p: Predictions, threshold: float, count: int = COUNT) -> list[int]:
    """Indices of up to `count` films called wrongly, the most confident mistakes first.

    Half of them missed and half false alarms where there are enough of both.
    """
    missed = np.flatnonzero(p.truth & (p.probability < threshold))
    false = np.flatnonzero(~p.truth & (p.probability >= threshold))
    missed = missed[np.argsort(p.probability[missed], kind="stable")]
    false = false[np.argsort(-p.probability[false], kind="stable")]
    return _half_each(missed, false, count)


def _half_each(first: np.ndarray, second: np.ndarray, count: int) -> list[int]:
    take = min(len(first), max(count // 2, count - len(second)))
    return [*map(int, first[:take]), *map(int, second[: count - take])]


def sample_sheet(
    p: Predictions,
    rows: Sequence[int],
    threshold: float,
    thumbnails: Thumbnails,
    heat: Thumbnails | None = None,
) -> bytes:
    """PNG of the films `rows`: true class, probability as a bar, and whether the call is right.

    thumbnails: path of a film -> grey uint8 (S, S). A film whose file is gone gets an empty
    frame. heat: path -> heat map (S, S) in [0, 1], drawn over the film.
    """
    with styled():
        figure, panels = panels_for(len(rows), 1.85, COLUMNS, top=0)
        for ax, row in zip(panels, rows, strict=True):
            _film(ax, p, row, threshold, _picture(p.path[row], thumbnails))
            warm = _picture(p.path[row], heat) if heat is not None else None
            if warm is not None:
                ax.imshow(
                    warm,
                    cmap="inferno",
                    vmin=0,
                    vmax=1,
                    alpha=0.55 * warm,
                    extent=(0, 1, 0, 1),
                    zorder=1.5,
                )
                ax.set(xlim=(0, 1), ylim=(-0.22, 1))
        return to_png(figure)


def _picture(path: str, thumbnails: Thumbnails) -> np.ndarray | None:
    try:
        return thumbnails(path)
    except (OSError, RadistillError, KeyError, ValueError):
        return None


def _film(ax: Axes, p: Predictions, row: int, threshold: float, picture: np.ndarray | None) -> None:
    probability = float(p.probability[row])
    right = (probability >= threshold) == bool(p.truth[row])
    colour = RIGHT if right else WRONG
    ax.set(xlim=(0, 1), ylim=(-0.22, 1), xticks=[], yticks=[], aspect="equal")
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    if picture is None:
        ax.text(0.5, 0.5, "no picture", ha="center", color=FAINT)
    else:
        ax.imshow(picture, cmap="gray", vmin=0, vmax=255, extent=(0, 1, 0, 1), zorder=1)
    ax.set(xlim=(0, 1), ylim=(-0.22, 1))
    ax.add_patch(Rectangle((0, 0), 1, 1, fill=False, edgecolor=colour, linewidth=2, clip_on=False))
    ax.add_patch(Rectangle((0, -0.17), 0.6, 0.09, color="#e8ecf0", linewidth=0))
    ax.add_patch(Rectangle((0, -0.17), 0.6 * probability, 0.09, color=colour, linewidth=0))
    ax.plot([0.6 * threshold] * 2, [-0.2, -0.05], color=INK, linewidth=1)
    mark = "\N{CHECK MARK}" if right else "\N{BALLOT X}"
    text = f"{probability:.2f} {mark}"
    ax.text(1, -0.125, text, ha="right", va="center", size=9, color=colour, weight="bold")
    ax.set_title(clean(p.label[row], 14), fontsize=9, fontweight="normal", pad=4)
