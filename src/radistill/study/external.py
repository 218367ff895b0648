"""A trained model scored on data that it has not seen, with its own threshold."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from radistill.config import StudyConfig
from radistill.data import Dataset
from radistill.data.external_data import Given, describe_films, foreign_films, group_columns
from radistill.explain.robustness import robustness
from radistill.files import write_json
from radistill.imaging import to_square
from radistill.metrics.groups import by_group
from radistill.metrics.predictions import Predictions, write_predictions
from radistill.metrics.score import score_predictions
from radistill.metrics.shift import score_shift, shipped_and_best
from radistill.progress import bar
from radistill.report.html import write_report
from radistill.report.side_by_side import Scored, assemble
from radistill.study.checks import Films, heat_of
from radistill.study.reference import origin_of, trained_folder
from radistill.study.rundir import environment
from radistill.study.scorer import Scorer, open_model

BATCH = 64


def evaluate_model(
    model: Path,
    data: Path,
    config: StudyConfig,
    given: Given | None = None,
    *,
    out: Path | None = None,
    robust: bool = False,
) -> dict[str, Any]:
    """Score `model` on the films at `data` and return a comparison of that one model.

    `external` in it tells the shift of scores against the model's own test films, and the threshold
    as shipped beside the best one here. out: a folder for predictions.csv, metrics.json,
    comparison.json and report.html. robust: score damaged films too. Raises UsageError for data or
    a model that cannot be used.
    """
    given = given or Given()
    scorer, origin = open_model(model), origin_of(model)
    shipped = origin.threshold(given.rule) if given.rule else scorer.threshold
    threshold = shipped if given.threshold is None else given.threshold
    dataset, rows = foreign_films(data, config.data, scorer.classes, scorer.positive, given)
    p = _predict(scorer, dataset)
    figures = score_predictions(p, threshold, config.evaluation, config.seed)
    columns = group_columns(dataset, rows, given.layout, scorer.input_size)
    rule = "given" if given.threshold is not None else given.rule or "as shipped"
    entry: dict[str, Any] = {"architecture": scorer.architecture, "test": figures, "cost": None}
    entry |= {
        "threshold_rule": rule,
        "groups": by_group(p, threshold, columns, config.evaluation, config.seed),
    }
    if robust:
        entry["robustness"] = _robust(scorer, dataset, p, threshold)
    about = describe_films(dataset, scorer.classes, scorer.positive)
    scored = Scored(scorer.name, p, entry)
    comparison = assemble(about, [scored], config.evaluation, config.seed)
    comparison["external"] = {"model": model.name, **shipped_and_best(p, threshold)}
    if origin.scores is not None:
        comparison["external"]["shift"] = score_shift(origin.scores, p.probability, origin.films)
    if out is not None:
        write_predictions(out / "predictions.csv", p)
        write_json(out / "metrics.json", {"threshold": threshold, "test": figures})
        write_json(out / "comparison.json", comparison)
        write_json(out / "environment.json", environment())
        _report(out, trained_folder(model), dataset, p, scorer.input_size)
    return comparison


def _robust(scorer: Scorer, dataset: Dataset, p: Predictions, threshold: float) -> dict[str, Any]:
    def squares(rows: np.ndarray) -> np.ndarray:
        return np.stack([to_square(dataset.pixels(p.path[i]), scorer.input_size) for i in rows])

    return robustness(p, threshold, squares, scorer.positive_probability)


def _report(out: Path, trained: Path | None, dataset: Dataset, p: Predictions, size: int) -> None:
    def squares(paths: Sequence[str]) -> np.ndarray:
        return np.stack([to_square(dataset.pixels(path), size) for path in paths])

    heat = heat_of(trained, Films(p, squares)) if trained is not None else None
    write_report(out, lambda path: squares([path])[0], heat=heat)


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
