"""Outputs of a network -> decision: the threshold, the label, and the reasons to abstain."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from radistill.errors import UsageError
from radistill.runtime.ood import reasons_by_statistics
from radistill.runtime.prediction_options import PredictionOptions
from radistill.runtime.session import Outputs
from radistill.schema.card import Card, Population

NEARLY_EMPTY = 10  # grey levels between the 5th and 95th percentile
BLANK_SHARE = 0.3  # of rows or columns from an edge inward; below 0.25 on all Kaggle films
BLANK_LEVELS = 6

REASONS = {
    "too-small": "fewer pixels than the model needs",
    "nearly-empty": "nearly one grey level",
    "cut-off": "a part of the chest is missing",
    "inverted": "bright and dark exchanged",
    "rotated-90": "lies on its side",
    "rotated-180": "stands on its head",
    "unusual-layout": "not laid out like a frontal chest film",
    "out-of-distribution": "unlike the films the model was made for",
    "near-threshold": "too near the threshold",
    "population-age": "age outside the model's population",
    "population-age-unreadable": "an age that cannot be read",
    "population-body-part": "another body part",
    "population-view": "another view",
    "population-modality": "another modality",
}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """`PredictionOptions` with the threshold chosen, and what else to make.

    threshold: of the positive class's probability. band: abstain if the probability is nearer
    than this to the threshold. any_population: do not check DICOM tags against the card. heatmaps:
    a folder for overlays. views: keep what a page needs to draw each film, in memory. sketch: give
    each result its time, and each film the sketch of its embedding, for `radistill monitor`.
    """

    threshold: float
    band: float = 0.0
    any_population: bool = False
    heatmaps: Path | None = None
    views: bool = False
    sketch: bool = False


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
        sketch=options.sketch,
    )


def operating_threshold(card: Card, sensitivity: float) -> float:
    """The threshold of the card's operating point for `sensitivity`.

    Raises UsageError, naming the points there are, if it has none.
    """
    points = {point.name: point.threshold for point in card.operating_points}
    wanted = f"sensitivity-{sensitivity:g}"
    if wanted not in points:
        names = ", ".join(points) or "none"
        raise UsageError(f"the model has no operating point '{wanted}'; there are: {names}")
    return points[wanted]


def label_of(card: Card, probability: np.ndarray, threshold: float) -> str:
    """The positive class from `threshold` up, else the most probable of the others.

    probability: (classes,).
    """
    if float(probability[card.positive_index]) >= threshold:
        return card.positive
    others = probability.copy()
    others[card.positive_index] = -1
    return card.classes[int(others.argmax())]


def reasons_to_abstain(
    card: Card,
    squares: np.ndarray,
    shapes: Sequence[tuple[int, ...]],
    outputs: Outputs,
    tags: Sequence[Mapping[str, Any]],
    settings: Settings,
) -> list[list[str]]:
    """Keys of `REASONS` for each film; none if the model may answer.

    squares: uint8 (N, S, S). shapes: (H, W) of each film as it was. outputs: of the squares. tags:
    of DICOM files, else empty.
    """
    reasons = picture_reasons(card, squares, shapes, outputs.embedding)
    positive = outputs.probability[:, card.positive_index]
    for one, known, probability in zip(reasons, tags, positive, strict=True):
        if not settings.any_population:
            one += outside(card.population, known)
        if abs(float(probability) - settings.threshold) < settings.band:
            one.append("near-threshold")
    return reasons


def picture_reasons(
    card: Card, squares: np.ndarray, shapes: Sequence[tuple[int, ...]], embeddings: np.ndarray
) -> list[list[str]]:
    """Reasons that lie in the pictures. embeddings: (N, D)."""
    count = len(squares)
    empty = _spread(squares.reshape(count, -1)) < NEARLY_EMPTY
    cut = _blank_share(squares) > BLANK_SHARE
    unlike: list[list[str]] = [[]] * count
    if card.abstention is not None:
        unlike = reasons_by_statistics(card.abstention, squares, embeddings)
    reasons = []
    for i, shape in enumerate(shapes):
        small = ["too-small"] if min(shape) < card.input_size // 2 else []
        others = ["nearly-empty"] if empty[i] else [*(["cut-off"] if cut[i] else []), *unlike[i]]
        reasons.append(list(dict.fromkeys(small + others)))
    return reasons


def outside(population: Population, tags: Mapping[str, Any]) -> list[str]:
    """population-age, -body-part, -view, -modality where DICOM tags are outside what the card says,
    population-age-unreadable where that cannot be told of the age.

    tags: `Decoded.tags`. A tag or a limit that is missing is not checked.
    """
    reasons = []
    age, limits = tags.get("age_years"), population.age_years
    if limits is not None:
        if age is not None and not limits[0] <= age <= limits[1]:
            reasons.append("population-age")
        if tags.get("age_unreadable"):
            reasons.append("population-age-unreadable")
    kinds = (
        ("body_part", population.body_parts),
        ("view", population.views),
        ("modality", population.modalities),
    )
    for tag, known in kinds:
        value = tags.get(tag)
        if value and known and str(value).strip().upper() not in known:
            reasons.append(f"population-{tag.replace('_', '-')}")
    return reasons


def _blank_share(squares: np.ndarray) -> np.ndarray:
    """(N, S, S) -> (N,): the greater share of rows, or of columns, blank from the edges inward."""
    down, across = _blank_lines(squares), _blank_lines(squares.transpose(0, 2, 1))
    greater: np.ndarray = np.maximum(down, across)
    return greater


def _blank_lines(squares: np.ndarray) -> np.ndarray:
    count, side = squares.shape[:2]
    drawn = _spread(squares.reshape(-1, side)).reshape(count, side) >= BLANK_LEVELS
    first, last = drawn.argmax(axis=1), drawn[:, ::-1].argmax(axis=1)
    share: np.ndarray = np.where(drawn.any(axis=1), (first + last) / side, 1.0)
    return share


def _spread(lines: np.ndarray) -> np.ndarray:
    """uint8 (N, M) -> (N,): grey levels between the 5th and 95th percentile of each line.

    A radix sort (kind="stable") takes a sixth of the time of `np.percentile`.
    """
    ordered = np.sort(lines, axis=1, kind="stable").astype(np.int16)
    last = ordered.shape[1] - 1
    spread: np.ndarray = ordered[:, round(0.95 * last)] - ordered[:, round(0.05 * last)]
    return spread
