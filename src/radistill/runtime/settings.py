"""How to decide: a threshold, and what else is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from radistill.errors import UsageError
from radistill.schema.card import Card


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How to decide.

    threshold: of the positive class's probability. band: abstain if the probability is nearer
    than this to the threshold. heatmaps: a folder for overlays. any_population: do not check
    DICOM tags against the card. views: keep what a page needs to draw each film, in memory.
    """

    threshold: float
    band: float = 0.0
    heatmaps: Path | None = None
    any_population: bool = False
    views: bool = False


def resolve(
    card: Card,
    *,
    threshold: float | None = None,
    sensitivity: float | None = None,
    band: float = 0.0,
    heatmaps: Path | str | None = None,
    any_population: bool = False,
) -> Settings:
    """`Settings` with the threshold given, of an operating point, or the card's own.

    sensitivity: take the card's operating point of that name, such as 0.95. The folder for heat
    maps is made.
    Raises UsageError if the card has no such point, a number is out of range, or the folder cannot
    be made.
    """
    if threshold is not None and sensitivity is not None:
        raise UsageError("give a threshold or a sensitivity, not both")
    if sensitivity is not None:
        threshold = operating_threshold(card, sensitivity)
    chosen = card.threshold if threshold is None else threshold
    if not 0 <= chosen <= 1 or not 0 <= band <= 1:
        raise UsageError("threshold and band are probabilities, from 0 to 1")
    folder = None if heatmaps is None else Path(heatmaps)
    if folder is not None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"{folder}: cannot be made ({error.strerror})") from None
    return Settings(threshold=chosen, band=band, heatmaps=folder, any_population=any_population)


def operating_threshold(card: Card, sensitivity: float) -> float:
    """The threshold of the card's operating point for `sensitivity`.

    Raises UsageError, naming the points there are, if it has none.
    """
    wanted = f"sensitivity-{sensitivity:g}"
    for point in card.operating_points:
        if point.name == wanted:
            return point.threshold
    names = ", ".join(point.name for point in card.operating_points)
    raise UsageError(f"the model has no operating point '{wanted}'; there are: {names or 'none'}")
