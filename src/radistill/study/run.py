"""The main job, top to bottom: data, baseline, teacher, students, comparison, bundle, report."""

from __future__ import annotations

import atexit
import json
from collections import Counter
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator

from radistill.config import StudyConfig
from radistill.data import load_dataset
from radistill.data.audit import audit, sample_grid
from radistill.data.dataset import Dataset
from radistill.data.manifest import SPLITS
from radistill.data.targets import targets_of
from radistill.explain.cost import costs_side_by_side
from radistill.files import sha256, write_json, write_with
from radistill.metrics.predictions import read_predictions
from radistill.models import create, load_model, read_spec
from radistill.progress import console
from radistill.report.html import write_report
from radistill.report.side_by_side import compare
from radistill.schema.comparison import Comparison, DatasetFacts, ModelMetrics
from radistill.schema.figures import Cost
from radistill.schema.record import read_record, write_record
from radistill.study.bundle import bundle_run
from radistill.study.checks import (
    Films,
    cached_squares,
    check_heat_maps,
    check_robustness,
    heat_of,
)
from radistill.study.distil import fit_student, fit_teachers, further_teacher
from radistill.study.fit import Study, fit_model, forget
from radistill.study.rundir import RunDirectory, environment
from radistill.training.frozen import check_split

MODELS = ("baseline", "teacher", "student-alone", "student")


def run_study(
    data: Path,
    out: Path,
    config: StudyConfig,
    *,
    labels: Path | None = None,
    update: bool = False,
) -> Comparison:
    """Run or resume the whole study and return its comparison.

    data: a folder, CSV or .npz as `radistill.data.load_dataset` reads it. out: the run directory.
    update: allow a run directory made with other settings; what they touch runs anew.
    Raises UsageError for data, settings or a folder that cannot be used.
    """
    # Without a GPU accelerate makes one process of several only if it is told to use the CPU.
    on_cpu = not torch.accelerator.is_available()
    accelerator = Accelerator(cpu=on_cpu, mixed_precision=config.mixed_precision)
    # A process that ends with its group standing is now and then aborted by the group's threads.
    atexit.register(accelerator.end_training)
    run = RunDirectory(out)
    with run.open(config, update=update) if accelerator.is_main_process else nullcontext():
        return _run(run, data, config, labels, accelerator, update=update)


def _run(
    run: RunDirectory,
    data: Path,
    config: StudyConfig,
    labels: Path | None,
    accelerator: Accelerator,
    *,
    update: bool,
) -> Comparison:
    sizes = {network.input_size for network in (config.baseline, config.teacher, config.student)}
    sizes |= {read_spec(folder)["input_size"] for folder in config.distill.teachers}
    with accelerator.main_process_first():  # the others find what it has decoded
        cache = run.folder / "cache"
        dataset = load_dataset(data, config.data, config.seed, labels, cache=cache, sizes=sizes)
    targets = targets_of(dataset, config.data.targets)
    _check_models(run, config, len(targets.names))
    others = [further_teacher(folder, targets.names) for folder in config.distill.teachers]
    if accelerator.is_main_process:
        _record_data(run, config, dataset, update=update)
    study = Study(run, config, dataset, targets, dataset.squares, accelerator)

    fit_model(study, "baseline", config.recipe("baseline"))
    teachers = [*fit_teachers(study), *others]
    fit_student(study, "student-alone", [], config.distill)
    student = fit_student(study, "student", teachers, config.distill)

    if accelerator.is_main_process:
        _conclude(study, student, data)
    accelerator.wait_for_everyone()
    return read_record(Comparison, run.folder / "comparison.json")


def _conclude(study: Study, student: Path, data: Path) -> None:
    """Comparison, bundle and report, unless they were made of these very models."""
    run, config = study.run, study.config
    mark = run.folder / "study.json"
    key = study.key([sha256(run.folder / name / "metrics.json") for name in MODELS])
    if mark.exists() and json.loads(mark.read_text("utf-8")) == {"key": key}:
        return
    largest = study.caches[max(study.caches)]
    shas = {film.path: film.sha256 for film in study.dataset.films}

    def thumbnail(path: str) -> np.ndarray:
        square: np.ndarray = largest.batch([shas[path]])[0]
        return square

    films = _test_films(study, student, data)
    if config.evaluation.robustness:
        _check(student, films, config.seed)
    compare(
        run.folder,
        MODELS,
        describe(study.dataset),
        config.evaluation,
        config.seed,
        costs=_costs(run),
        exposure=lambda path: float(thumbnail(path).mean()),
    )
    bundle_run(run.folder)
    write_report(run.folder, thumbnail, heat=heat_of(student, films))
    forget(run.working("teacher-outputs"))
    write_json(mark, {"key": key})


def _test_films(study: Study, model: Path, data: Path) -> Films:
    """The test films as the network of `model` sees them, phantoms with their masks."""
    p = read_predictions(model / "predictions.csv", study.dataset.positive)
    shas = {film.path: film.sha256 for film in study.dataset.films}
    cache = study.caches[read_spec(model)["input_size"]]
    masks = data / "masks" if study.dataset.synthetic and (data / "masks").is_dir() else None
    return Films(p, cached_squares(cache, shas), masks)


def _check(model: Path, films: Films, seed: int) -> None:
    """robustness.json and explanation.json, which show in the comparison of this very model."""
    threshold = read_record(ModelMetrics, model / "metrics.json").threshold
    check_robustness(model, films, threshold, model)
    check_heat_maps(model, films, model, seed)


def _costs(run: RunDirectory) -> dict[str, Cost]:
    """What running each model costs, measured in turn, in one run."""
    loaded = {name: load_model(run.folder / name) for name in MODELS}
    return costs_side_by_side({n: (m, m.input_size) for n, m in loaded.items()})


def _check_models(run: RunDirectory, config: StudyConfig, classes: int) -> None:
    """Build every network that is still to be trained, so that a wrong one stops the study now."""
    for name in MODELS:
        if run.stage_file(name).exists():
            continue
        recipe = config.recipe("student" if name == "student-alone" else name)
        network, _ = create(
            recipe.architecture,
            classes=classes,
            weights=recipe.weights,
            input_size=recipe.input_size,
            enlarge=recipe.enlarge,
        )
        if recipe.cached_views:
            check_split(network, recipe.frozen_stages)


def describe(dataset: Dataset) -> DatasetFacts:
    """The facts about the data that stand in comparison.json."""
    counts = {split: dict(Counter(film.label for film in dataset.split(split))) for split in SPLITS}
    return DatasetFacts(
        name=dataset.name,
        classes=dataset.classes,
        positive=dataset.positive,
        counts=counts,
        protocol=dataset.protocol,
        leaking=dataset.leaking,
        synthetic=dataset.synthetic,
    )


def _record_data(run: RunDirectory, config: StudyConfig, dataset: Dataset, *, update: bool) -> None:
    """config.yaml, manifest.csv, environment.json and the audit; prints the notes."""
    run.record(config, dataset.films, update=update)
    write_record(run.folder / "environment.json", environment())
    write_record(run.folder / "audit.json", audit(dataset))
    grid = sample_grid(dataset, 24)
    write_with(run.folder / "audit-grid.png", lambda path: path.write_bytes(grid))
    for note in dataset.notes:
        console.print(f"note: {note}", markup=False)
    if dataset.unreadable:
        console.print(f"{len(dataset.unreadable)} unreadable files skipped; see audit.json")
