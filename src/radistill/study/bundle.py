"""The trained student of a run -> a bundle."""

import json
import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from radistill.config import EvaluationConfig, read_evaluation
from radistill.data.cache import PixelCache, open_cache
from radistill.data.film_index import FilmIndex
from radistill.data.manifest import Film, read_manifest
from radistill.data.training_films import TrainingFilms
from radistill.errors import UsageError
from radistill.export.int8 import spread
from radistill.export.onnx import export_onnx
from radistill.export.population import FRONTAL, population_of
from radistill.export.write_bundle import BundleFilms, BundleSpec, write_bundle
from radistill.metrics.calibration import UNCALIBRATED
from radistill.metrics.groups import manifest_columns
from radistill.metrics.score import on_calibrated_scale
from radistill.metrics.shortfalls import shortfalls
from radistill.schema.card import Card, Population, TrainingData
from radistill.schema.comparison import Comparison, ModelResult
from radistill.schema.model_spec import SPEC
from radistill.schema.record import read_record
from radistill.study.decoded_films import DecodedFilms
from radistill.study.rundir import CONFIG, RunDirectory
from radistill.study.small_file import (
    predictions_of,
    result_of_file,
    smaller_file,
    smaller_file_again,
    squares_of,
)
from radistill.study.trained import STUDENT, TrainedModel

PARITY_FILMS = 200
SIMPLER = ("baseline", "student-alone")


def run_and_model(named: Path) -> tuple[Path, str]:
    """The run and the model that RUN, which stands for its student, or RUN/MODEL names."""
    if (named / SPEC).is_file():
        return named.absolute().parent, named.absolute().name
    return named, STUDENT


def bundle_run(
    run: Path, name: str = STUDENT, *, population: Population | None = None, anyway: bool = False
) -> Card:
    """Make RUN/bundle of the model `name` from what the run directory holds; return the card.

    population: whom the model knows, where the films' names do not tell. anyway: of a model with
    shortfalls too.
    Raises UsageError if the run is not finished, its cache of films is gone, or the model should
    not be used, and RadistillError if another process works in it.
    """
    try:
        notes = json.loads((run / "audit.json").read_text("utf-8")).get("notes", ())
    except (OSError, ValueError):
        raise UsageError(f"{run}: not the folder of a finished `radistill run`") from None
    with RunDirectory(run).locked():
        model = TrainedModel(run / name)
        config, seed = read_evaluation(run / CONFIG)
        comparison = read_record(Comparison, run / "comparison.json")
        others = [TrainedModel(run / other) for other in SIMPLER if (run / other / SPEC).is_file()]
        reasons = shortfalls_of(model, others, config, seed)
        if reasons and not anyway:
            raise UsageError(f"{model.folder}: {' '.join(reasons)} --anyway makes the bundle.")
        return bundle_model(
            run / "bundle",
            model,
            with_shortfalls(comparison, name, reasons),
            read_manifest(run / "manifest.csv"),
            open_cache(run / "cache", model.input_size),
            config,
            seed,
            notes=notes,
            population=population,
            perceptual_hashes=FilmIndex.hashes_in(run / "cache"),
        )


def shortfalls_of(
    model: TrainedModel, others: Sequence[TrainedModel], config: EvaluationConfig, seed: int
) -> tuple[str, ...]:
    """Why `model` should not be used, by validation; it is not to be behind a simpler one."""
    simpler = {
        other.name: other.predictions("val")
        for other in others
        if other.name in SIMPLER and other.name != model.name
    }
    return shortfalls(model.name, model.predictions("val"), simpler, config, seed)


def with_shortfalls(comparison: Comparison, name: str, reasons: tuple[str, ...]) -> Comparison:
    """The comparison with those of the model `name`, where there are any."""
    models = tuple(
        model.model_copy(update={"shortfalls": reasons}) if model.name == name else model
        for model in comparison.models
    )
    return comparison.model_copy(update={"models": models}) if reasons else comparison


def bundle_model(
    folder: Path,
    model: TrainedModel,
    comparison: Comparison,
    films: Sequence[Film],
    cache: PixelCache | None,
    config: EvaluationConfig,
    seed: int,
    *,
    notes: Sequence[str] = (),
    population: Population | None = None,
    perceptual_hashes: Mapping[str, str],
) -> Card:
    """Write the bundle of `model`; return its card.

    The card has the figures of the file that runs by default: those in `comparison`, which are of
    the network in float32, only where no smaller file holds. cache: the films at the model's input
    size. perceptual_hashes: of `films`, by sha256. Raises UsageError if `cache` lacks a film of
    validation or test.
    """
    dataset, result = comparison.dataset, comparison.model(model.name)
    if result is None:
        raise UsageError(f"{model.folder.parent}: comparison.json has no {model.name}")
    shas = {film.path: film.sha256 for film in films}
    network = {split: model.predictions(split) for split in ("val", "test")}
    if cache is None or any(shas[path] not in cache for p in network.values() for path in p.path):
        raise UsageError(
            f"{model.folder.parent / 'cache'}: lacks the films at {model.input_size} pixels; "
            "type the command of the study again, which makes them"
        )
    squares = {split: squares_of(p, shas, cache) for split, p in network.items()}
    positive = dataset.classes.index(dataset.positive)
    export = partial(
        export_onnx,
        model.network,
        positive=positive,
        sample=spread(squares["val"], PARITY_FILMS),
        groups=model.class_of,
        traced=model.traced,
    )
    exported = export()
    quantisation, small = smaller_file(
        exported, network["val"], squares["val"], positive, result.test.threshold
    )
    shipped = result
    if small:
        decoded = DecodedFilms.of_run(model.folder.parent)
        columns = manifest_columns(
            model.folder.parent / "manifest.csv",
            network["test"].path,
            decoded.exposure if decoded else None,
        )
        own = {
            split: predictions_of(small, p, squares[split], positive)
            for split, p in network.items()
        }
        shipped = result_of_file(result, own, columns, config, seed)
    # Both files have one calibration, that of the file which runs by default.
    float32 = result.model_copy(update={"calibration": shipped.calibration})
    calibration = shipped.calibration or UNCALIBRATED
    if calibration.kind != "none":  # it is a part of the graph, and each file is run as it ships
        exported = export(calibration=calibration)

        def calibrated(of: ModelResult, file: bytes) -> ModelResult:
            p = predictions_of(file, network["test"], squares["test"], positive)
            return on_calibrated_scale(of, p, config, seed)

        float32 = calibrated(float32, exported.bytes)
        if small:
            small = smaller_file_again(exported, squares["val"], quantisation)
            shipped = calibrated(shipped, small)
    figures = shipped if small else float32
    spec = BundleSpec(
        classes=dataset.classes,
        positive=dataset.positive,
        input_size=model.input_size,
        threshold=figures.test.threshold,
        calibration=calibration,
        architecture=model.architecture,
        training_data=TrainingData(**dataset.model_dump(exclude_unset=True), seed=seed),
        figures=figures,
        quantisation=quantisation,
        small=small,
        float32=float32.test if small else None,
        notes=tuple(notes),
        synthetic=dataset.synthetic,
        leaking=dataset.leaking,
        population=population
        or population_of([film.path for film in films], synthetic=dataset.synthetic),
    )
    return write_bundle(
        folder,
        exported=exported,
        spec=spec,
        **{split: BundleFilms(squares[split], p.truth, p.patient) for split, p in network.items()},
        training_films=TrainingFilms.of(films, perceptual_hashes),
    )


def parse_population(description: str | None, ages: str | None) -> Population | None:
    """A population as a user writes it; None where neither is given.

    ages: youngest and oldest in years, such as 18-90. Raises UsageError if it is not so.
    """
    if description is None and ages is None:
        return None
    limits = None
    if ages is not None:
        match = re.fullmatch(r"(\d+)-(\d+)", ages.strip())
        if not match or int(match[1]) > int(match[2]):
            raise UsageError(f"--ages {ages}: write youngest and oldest in years, such as 18-90")
        limits = (float(match[1]), int(match[2]) + 1.0)  # ninety lasts until the next birthday
    words = description or f"frontal chest films at ages {ages}"
    return Population(description=words, age_years=limits, **FRONTAL)
