"""Any trained model or bundle -> probabilities."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from radistill.errors import UsageError
from radistill.imaging import to_unit
from radistill.runtime.find_bundle import find_bundle
from radistill.runtime.open_bundle import Bundle
from radistill.schema.card import CARD

if TYPE_CHECKING:
    from radistill.models import GreyClassifier

STUDENT = "student"


@dataclass(frozen=True)
class Scorer:
    """A model of either kind, ready to score.

    probabilities: uint8 (N, S, S) -> float64 (N, classes), rows sum to 1. network: of a trained
    model, None for a bundle.
    """

    name: str
    architecture: str
    classes: tuple[str, ...]
    positive: str
    input_size: int
    threshold: float
    probabilities: Callable[[np.ndarray], np.ndarray] = field(repr=False)
    network: GreyClassifier | None = field(default=None, repr=False)

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
        return _open_trained(folder)
    if (folder / "config.yaml").is_file():
        if (folder / STUDENT / "model.json").is_file():
            return _open_trained(folder / STUDENT)
        raise UsageError(f"{folder}: this run has no student yet; run the same study to its end")
    for bundle in (folder, folder / "bundle"):
        if (bundle / CARD).is_file():
            return _open_bundle(bundle)
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


def _open_trained(folder: Path) -> Scorer:
    import torch

    from radistill.models import load_model, read_spec
    from radistill.models.reported import class_probabilities

    spec, network = read_spec(folder), load_model(folder)
    try:
        threshold = json.loads((folder / "metrics.json").read_text("utf-8"))["threshold"]
        classes, positive = tuple(spec["classes"]), spec["positive"]
        class_of = spec.get("class_of", range(len(classes)))
    except (OSError, ValueError, KeyError):
        raise UsageError(f"{folder}: not a finished model of a run") from None

    @torch.inference_mode()
    def probabilities(squares: np.ndarray) -> np.ndarray:
        logits = network(torch.from_numpy(to_unit(squares)))
        scores: np.ndarray = class_probabilities(logits.double(), class_of).numpy()
        return scores

    return Scorer(
        name=folder.name,
        architecture=network.architecture,
        classes=classes,
        positive=positive,
        input_size=network.input_size,
        threshold=threshold,
        probabilities=probabilities,
        network=network,
    )
