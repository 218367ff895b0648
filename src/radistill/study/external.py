"""A trained model scored on data that it has not seen, with its own threshold."""

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from radistill.config import StudyConfig
from radistill.data import Dataset
from radistill.data.external_data import ExternalData, group_columns, read_external
from radistill.explain.robustness import robustness
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
from radistill.schema.record import write_record
from radistill.study.checks import heat_map_of
from radistill.study.decoded_films import DecodedFilms, Squares
from radistill.study.reference import reference_of, trained_folder
from radistill.study.rundir import environment
from radistill.study.scorer import Scorer, open_model
from radistill.study.seen_films import without_seen
from radistill.study.trained import TrainedModel

BATCH = 64


def evaluate_model(
    model: Path,
    data: ExternalData,
    config: StudyConfig,
    *,
    threshold: float | None = None,
    rule: str | None = None,
    out: Path | None = None,
    robust: bool = False,
    keep_seen: bool = False,
) -> Comparison:
    """Score `model` on the films of `data` and return a comparison of that one model.

    `external` in it holds the shift of scores against the model's own test films, and the threshold
    as shipped beside the best one here. threshold: instead of the model's own; rule: by which one
    was chosen on its validation films. out: a folder for predictions.csv, metrics.json,
    comparison.json and report.html. robust: score corrupted films too. keep_seen: score films too
    that the model was trained or chosen on, and mark the comparison. Raises UsageError for data or
    a model that cannot be used, and if it has seen every film.
    """
    scorer, reference = open_model(model), reference_of(model)
    shipped = reference.threshold(rule) if rule else scorer.threshold
    used = shipped if threshold is None else threshold
    # Decoded once, however often the squares are asked for.
    with TemporaryDirectory(prefix="radistill-", ignore_cleanup_errors=True) as cache:
        dataset, rows = read_external(
            data,
            config.data,
            scorer.classes,
            scorer.positive,
            size=scorer.input_size,
            cache=Path(cache),
        )
        dataset, seen = without_seen(model, dataset, keep=keep_seen)
        decoded = DecodedFilms.of(dataset.films, dataset.squares)
        squares = decoded.at(scorer.input_size)
        p = _predict(scorer, dataset, squares)
        figures, draws = score_predictions(p, used, config.evaluation, config.seed)
        columns = group_columns(dataset, rows, data.columns, scorer.input_size)
        result = ModelResult(
            name=scorer.name,
            architecture=scorer.architecture,
            test=figures,
            cost=None,
            threshold_rule="given" if threshold is not None else rule or "as shipped",
            groups=by_group(p, used, columns, config.evaluation, config.seed),
        )
        if robust:
            checked = robustness(
                p,
                used,
                lambda rows: squares([p.path[row] for row in rows]),
                scorer.positive_probability,
            )
            result = result.model_copy(update={"robustness": checked})
        comparison = assemble(
            _facts(dataset, seen, keep_seen), [ScoredModel(p, result, draws)], config.evaluation
        )
        shipped_here, best = shipped_and_best(p, used)
        external = External(model=model.name, shipped=shipped_here, best=best)
        if reference.scores is not None:
            shift = score_shift(reference.scores, p.probability, reference.films)
            external = external.model_copy(update={"shift": shift})
        comparison = comparison.model_copy(update={"external": external})
        if out is not None:
            write_predictions(out / "predictions.csv", p)
            scores = ModelMetrics(format=FORMAT, threshold=used, test=figures)
            write_record(out / "metrics.json", scores)
            write_record(out / "comparison.json", comparison)
            write_record(out / "environment.json", environment())
            folder = trained_folder(model)  # of a bundle, the network that it was made from
            network = scorer.trained or (TrainedModel(folder) if folder else None)
            heat = heat_map_of(network, squares) if network else None
            write_report(out, comparison, {scorer.name: p}, decoded.thumbnail, heat=heat)
    return comparison


def _facts(dataset: Dataset, seen: int | None, keep_seen: bool) -> DatasetFacts:
    kept = keep_seen and bool(seen)
    return DatasetFacts(
        name=dataset.name,
        classes=dataset.classes,
        positive=dataset.positive,
        counts={"test": Counter(film.label for film in dataset.films)},
        protocol="external",
        leaking=kept,
        synthetic=dataset.synthetic,
        unreadable=len(dataset.unreadable),
        notes=(*dataset.notes, *dataset.local_notes),
        seen=seen,
        seen_kept=kept,
    )


def _predict(scorer: Scorer, dataset: Dataset, squares: Squares) -> Predictions:
    films = dataset.films
    pieces = []
    with bar() as progress:
        for start in progress.track(range(0, len(films), BATCH), description="Scoring films"):
            batch = squares([film.path for film in films[start : start + BATCH]])
            pieces.append(scorer.probabilities(batch))
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
