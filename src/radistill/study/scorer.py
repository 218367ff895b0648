"""Any trained model or bundle -> probabilities."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from radistill.errors import UsageError
from radistill.imaging import to_unit
from radistill.models.reported import class_probabilities
from radistill.runtime.find_bundle import find_bundle
from radistill.runtime.open_bundle import Bundle
from radistill.schema.card import CARD
from radistill.study.trained import STUDENT, TrainedModel


@dataclass(frozen=True)
class Scorer:
    """A model of either kind, ready to score.

    probabilities: uint8 (N, S, S) -> float64 (N, classes), rows sum to 1. trained: the model in its
    folder of a run, None for a bundle.
    """

    name: str
    architecture: str
    classes: tuple[str, ...]
    positive: str
    input_size: int
    threshold: float
    probabilities: Callable[[np.ndarray], np.ndarray] = field(repr=False)
    trained: TrainedModel | None = field(default=None, repr=False)

    def positive_probability(self, squares: np.ndarray) -> np.ndarray:
        """uint8 (N, S, S) -> float64 (N,), of the class `positive`."""
        return self.probabilities(squares)[:, self.classes.index(self.positive)]


def find_model(named: str) -> Path:
    """The path `named`, or the folder of the installed bundle of that name.

    Raises UsageError, listing the installed bundles, if it is neither.
    """
    return Path(named) if Path(named).exists() else find_bundle(named)


def open_model(folder: Path) -> Scorer:
    """A model folder of a run, a run, of which the student is taken, or a bundle.

    Raises UsageError if `folder` is none of these, or is not finished.
    """
    if (folder / "model.json").is_file():
        return scorer_of(TrainedModel(folder))
    if (folder / "config.yaml").is_file():
        if (folder / STUDENT / "model.json").is_file():
            return scorer_of(TrainedModel(folder / STUDENT))
        raise UsageError(f"{folder}: this run has no student yet; run the same study to its end")
    for bundle in (folder, folder / "bundle"):
        if (bundle / CARD).is_file():
            return _open_bundle(bundle)
    if (folder / "predictions.csv").is_file():
        raise UsageError(
            f"{folder}: has predictions but no weights of its own, as the average of several "
            f"teachers has; name a model with weights, such as {folder.parent / 'teacher-1'}"
        )
    raise UsageError(
        f"{folder}: neither a run, nor a model folder of one (model.json), nor a bundle ({CARD})"
    )


def _open_bundle(folder: Path) -> Scorer:
    bundle = Bundle.load(folder)
    card = bundle.card
    return Scorer(
        name=folder.name,
        architecture=card.architecture,
        classes=tuple(card.classes),
        positive=card.positive,
        input_size=card.input_size,
        threshold=card.threshold,
        probabilities=bundle.probabilities,
    )


def scorer_of(model: TrainedModel) -> Scorer:
    """A trained model as a scorer; the threshold is that of its figures.

    Raises RadistillError if it was not scored yet.
    """
    network = model.network

    @torch.inference_mode()
    def probabilities(squares: np.ndarray) -> np.ndarray:
        logits = network(torch.from_numpy(to_unit(squares)))
        scores: np.ndarray = class_probabilities(logits.double(), model.class_of).numpy()
        return scores

    return Scorer(
        name=model.name,
        architecture=model.architecture,
        classes=model.classes,
        positive=model.positive,
        input_size=model.input_size,
        threshold=model.metrics.threshold,
        probabilities=probabilities,
        trained=model,
    )
