"""What is kept of a model's own study: its scores on its test films, and its thresholds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from radistill.errors import UsageError
from radistill.metrics.predictions import Predictions, read_predictions
from radistill.metrics.thresholds import choose_threshold
from radistill.schema.card import CARD, read_card
from radistill.schema.model_spec import read_spec


@dataclass(frozen=True)
class Reference:
    """The films that a model was tuned on, to compare others with.

    scores: of the positive class on the model's own test films, or their quantiles, and then
    `films` says of how many. val: its validation predictions. points: threshold by rule, where
    there is no val.
    """

    folder: Path
    scores: np.ndarray | None = None
    films: int | None = None
    val: Predictions | None = None
    points: Mapping[str, float] = field(default_factory=dict)

    def threshold(self, rule: str) -> float:
        """The threshold that `rule` picks on validation; UsageError where that is not kept."""
        if self.val is not None:
            return choose_threshold(self.val.truth, self.val.probability, rule)
        if rule in self.points:
            return self.points[rule]
        listed = f" but {', '.join(self.points)}" if self.points else ""
        raise UsageError(
            f"{self.folder}: has no validation predictions to choose a threshold by {rule} on, and "
            f"no such point{listed}. Name the run instead."
        )


def reference_of(model: Path) -> Reference:
    """Of a bundle (from its card), a model folder or a run (from its student's predictions)."""
    if (model / CARD).is_file():
        return _of_bundle(model)
    folder = trained_folder(model)
    if folder is None or not (folder / "predictions.csv").is_file():
        return Reference(model)
    positive = read_spec(folder).positive
    test = read_predictions(folder / "predictions.csv", positive)
    beside = folder / "predictions-val.csv"
    val = read_predictions(beside, positive) if beside.is_file() else None
    return Reference(folder, test.probability, val=val)


def trained_folder(model: Path) -> Path | None:
    """Where the trained network of a model folder, a run or a run's bundle lies, if anywhere."""
    places = (model, model / "student", model.parent / "student")
    found = (place for place in places if (place / "model.json").is_file())
    return next(found, None)


def _of_bundle(folder: Path) -> Reference:
    card = read_card(folder / CARD)
    figures = card.figures
    scores = np.array(figures.test.score_quantiles) if figures else np.array([])
    points = {one.rule: one.threshold for one in figures.operating_points} if figures else {}
    # Those that `predict` takes come first: they are of the file that is used.
    points |= {point.name.replace("-", "=", 1): point.threshold for point in card.operating_points}
    if figures is None or not len(scores):
        return Reference(folder, points=points)
    return Reference(folder, scores, films=figures.test.n, points=points)
