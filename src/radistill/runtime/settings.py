"""How to decide: the threshold of a card or a user, and what to make beside."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from radistill.errors import UsageError
from radistill.runtime.prediction_options import PredictionOptions
from radistill.schema.card import Card


@dataclass(frozen=True, kw_only=True)
class Settings:
    """`PredictionOptions` with the threshold chosen, and what else to make.

    threshold: of the positive class's probability. band: abstain if the probability is nearer
    than this to the threshold. any_population: do not check DICOM tags against the card. heatmaps:
    a folder for overlays. views: keep what a page needs to draw each film, in memory.
    """

    threshold: float
    band: float = 0.0
    any_population: bool = False
    heatmaps: Path | None = None
    views: bool = False


def resolve(card: Card, options: PredictionOptions, heatmaps: Path | None = None) -> Settings:
    """Choose the threshold: as given, of the card's operating point, or the card's own.

    The folder `heatmaps` is made. Raises UsageError if the card has no such point, threshold and
    sensitivity are both given, or the folder cannot be made.
    """
    threshold = card.threshold if options.threshold is None else options.threshold
    if options.sensitivity is not None:
        if options.threshold is not None:
            raise UsageError("give a threshold or a sensitivity, not both")
        threshold = operating_threshold(card, options.sensitivity)
    if heatmaps is not None:
        try:
            heatmaps.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"{heatmaps}: cannot be made ({error.strerror})") from None
    return Settings(
        threshold=threshold,
        band=options.band,
        any_population=options.any_population,
        heatmaps=heatmaps,
    )


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
