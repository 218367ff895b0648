"""A trained model scored on data that it has not seen, with its own threshold."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from radistill.config import StudyConfig
from radistill.data import Dataset
from radistill.data.external_data import Given, describe_films, foreign_films, group_columns
from radistill.explain.robustness import robustness
from radistill.imaging import to_square
from radistill.metrics.groups import by_group
from radistill.metrics.predictions import Predictions, write_predictions
from radistill.metrics.score import ScoredModel, score_predictions
from radistill.metrics.shift import score_shift, shipped_and_best
from radistill.progress import bar
from radistill.report.html import write_report
from radistill.report.side_by_side import assemble
from radistill.schema.comparison import (
    FORMAT,
    Comparison,
    DatasetFacts,
    External,
    ModelMetrics,
    ModelResult,
)
from radistill.schema.figures import Robustness
from radistill.schema.record import write_record
from radistill.study.checks import Films, heat_of
from radistill.study.reference import reference_of, trained_folder
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
) -> Comparison:
    """Score `model` on the films at `data` and return a comparison of that one model.

    `external` in it holds the shift of scores against the model's own test films, and the threshold
    as shipped beside the best one here. out: a folder for predictions.csv, metrics.json,
    comparison.json and report.html. robust: score corrupted films too. Raises UsageError for data
    or a model that cannot be used.
    """
    given = given or Given()
    scorer, reference = open_model(model), reference_of(model)
    shipped = reference.threshold(given.rule) if given.rule else scorer.threshold
    threshold = shipped if given.threshold is None else given.threshold
    dataset, rows = foreign_films(data, config.data, scorer.classes, scorer.positive, given)
    p = _predict(scorer, dataset)
    figures, draws = score_predictions(p, threshold, config.evaluation, config.seed)
    columns = group_columns(dataset, rows, given.layout, scorer.input_size)
    result = ModelResult(
        name=scorer.name,
        architecture=scorer.architecture,
        test=figures,
        cost=None,
        threshold_rule="given" if given.threshold is not None else given.rule or "as shipped",
        groups=by_group(p, threshold, columns, config.evaluation, config.seed),
    )
    if robust:
        checked = _robust(scorer, dataset, p, threshold)
        result = result.model_copy(update={"robustness": checked})
    about = DatasetFacts(**describe_films(dataset, scorer.classes, scorer.positive))
    comparison = assemble(about, [ScoredModel(p, result, draws)], config.evaluation)
    shipped_here, best = shipped_and_best(p, threshold)
    external = External(model=model.name, shipped=shipped_here, best=best)
    if reference.scores is not None:
        shift = score_shift(reference.scores, p.probability, reference.films)
        external = external.model_copy(update={"shift": shift})
    comparison = comparison.model_copy(update={"external": external})
    if out is not None:
        write_predictions(out / "predictions.csv", p)
        scores = ModelMetrics(format=FORMAT, threshold=threshold, test=figures)
        write_record(out / "metrics.json", scores)
        write_record(out / "comparison.json", comparison)
        write_record(out / "environment.json", environment())
        _report(out, trained_folder(model), dataset, p, scorer.input_size)
    return comparison


def _robust(scorer: Scorer, dataset: Dataset, p: Predictions, threshold: float) -> Robustness:
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
