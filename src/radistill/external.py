"""A trained model scored on data that it has not seen, with its own threshold."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from radistill import atomic
from radistill.config import StudyConfig
from radistill.data import Dataset, load_films
from radistill.errors import UsageError
from radistill.evaluation.predictions import Predictions, write_predictions
from radistill.evaluation.score import score_predictions
from radistill.imaging import to_square, to_unit
from radistill.progress import bar
from radistill.runtime.bundle import Bundle

BATCH = 64


@dataclass(frozen=True)
class Scorer:
    """A model of either kind. probabilities: uint8 (N, S, S) -> float64 (N, classes)."""

    name: str
    architecture: str
    classes: tuple[str, ...]
    positive: str
    input_size: int
    threshold: float
    probabilities: Callable[[np.ndarray], np.ndarray]


def open_model(folder: Path) -> Scorer:
    """A bundle, a model folder of a run, or a run, of which the student is taken.

    Raises UsageError if `folder` is none of these, or is not finished.
    """
    if (folder / "card.json").is_file():
        return _open_bundle(folder)
    if (folder / "model.json").is_file():
        return _open_trained(folder)
    if (folder / "config.yaml").is_file():
        if (folder / "student" / "model.json").is_file():
            return _open_trained(folder / "student")
        raise UsageError(f"{folder}: this run has no student yet; run the same study to its end")
    raise UsageError(
        f"{folder}: neither a run, nor a model folder of one (model.json), nor a bundle (card.json)"
    )


def evaluate_model(
    model: Path,
    data: Path,
    config: StudyConfig,
    *,
    labels: Path | None = None,
    split: str | None = None,
    threshold: float | None = None,
    out: Path | None = None,
) -> dict[str, Any]:
    """Score `model` on the films at `data` and return a comparison of that one model.

    split: only the films that the data set itself puts there. threshold: instead of the model's.
    out: a folder for predictions.csv and metrics.json. Raises UsageError for data or a model
    that cannot be used.
    """
    scorer = open_model(model)
    if threshold is not None:
        scorer = replace(scorer, threshold=threshold)
    dataset = load_films(data, config.data, scorer.classes, scorer.positive, labels)
    if split is not None:
        dataset = dataset.with_films(dataset.split(split))
    if not dataset.films:
        raise UsageError(f"{data}: no films" + (f" in the split '{split}'" if split else ""))
    predictions = _predict(scorer, dataset)
    figures = score_predictions(predictions, scorer.threshold, config.evaluation, config.seed)
    if out is not None:
        write_predictions(out / "predictions.csv", predictions)
        atomic.write_json(out / "metrics.json", {"threshold": scorer.threshold, "test": figures})
    counts = {split or "test": dict(Counter(film.label for film in dataset.films))}
    return {
        "dataset": {
            "name": dataset.name,
            "classes": list(scorer.classes),
            "positive": scorer.positive,
            "counts": counts,
            "synthetic": dataset.synthetic,
            "unreadable": len(dataset.unreadable),
        },
        "models": [{"name": scorer.name, "architecture": scorer.architecture, "test": figures}],
        "pairs": [],
    }


def _predict(scorer: Scorer, dataset: Dataset) -> Predictions:
    films = dataset.films
    pieces = []
    with bar() as progress:
        for start in progress.track(range(0, len(films), BATCH), description="Scoring films"):
            batch = films[start : start + BATCH]
            squares = [to_square(dataset.pixels(film.path), scorer.input_size) for film in batch]
            pieces.append(scorer.probabilities(np.stack(squares)))
    scores = np.concatenate(pieces)
    return Predictions(
        path=tuple(film.path for film in films),
        patient=tuple(film.patient for film in films),
        label=tuple(film.label for film in films),
        probability=scores[:, scorer.classes.index(scorer.positive)],
        positive=scorer.positive,
        scores=scores if len(scorer.classes) > 2 else None,
        classes=scorer.classes,
    )


def _open_bundle(folder: Path) -> Scorer:
    bundle = Bundle.load(folder)
    card = bundle.card
    return Scorer(
        folder.name, card.architecture, tuple(card.classes), card.positive, card.input_size,
        card.threshold, bundle.probabilities,
    )  # fmt: skip


def _open_trained(folder: Path) -> Scorer:
    import torch

    from radistill.models import load_model, read_spec
    from radistill.models.reported import class_probabilities

    spec, model = read_spec(folder), load_model(folder)
    try:
        threshold = json.loads((folder / "metrics.json").read_text("utf-8"))["threshold"]
        classes, positive = tuple(spec["classes"]), spec["positive"]
        class_of = spec.get("class_of", range(len(classes)))
    except (OSError, ValueError, KeyError):
        raise UsageError(f"{folder}: not a finished model of a run") from None

    @torch.inference_mode()
    def probabilities(squares: np.ndarray) -> np.ndarray:
        logits = model(torch.from_numpy(to_unit(squares)))
        scores: np.ndarray = class_probabilities(logits.double(), class_of).numpy()
        return scores

    return Scorer(
        folder.name, model.architecture, classes, positive, model.input_size, threshold,
        probabilities,
    )  # fmt: skip
