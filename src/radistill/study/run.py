"""`radistill run`: data, baseline, teachers, students, comparison, bundle, report."""

import atexit
import shutil
from collections import Counter
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import torch
from accelerate import Accelerator

from radistill.config import StudyConfig
from radistill.data import load_dataset
from radistill.data.audit import audit, sample_grid
from radistill.data.dataset import Dataset
from radistill.data.manifest import SPLITS, UNLABELLED
from radistill.data.sources import FilmColumns
from radistill.data.targets import targets_of
from radistill.errors import counted
from radistill.explain.cost import costs_side_by_side
from radistill.files import write_with
from radistill.progress import console
from radistill.report.html import write_report
from radistill.report.side_by_side import compare
from radistill.schema.comparison import Comparison, DatasetFacts
from radistill.schema.figures import Cost
from radistill.schema.record import Record, read_record, write_record
from radistill.schema.weak_points import Explanation, Robustness
from radistill.study.at_once import fit_at_once, room
from radistill.study.bundle import bundle_model, shortfalls_of, with_shortfalls
from radistill.study.checks import check_heat_maps, check_robustness, heat_map_of
from radistill.study.decoded_films import DecodedFilms
from radistill.study.distil import (
    check_targets,
    fit_rounds,
    fit_student,
    fit_teachers,
    general_network,
    own_teachers,
    planned_fits,
    student_names,
    without_worse,
)
from radistill.study.fit import VIEWS, Study, check_network, fit_model
from radistill.study.rundir import RunDirectory, digest, environment
from radistill.study.teacher_average import TeacherAverage, score_average
from radistill.study.trained import STUDENT, TrainedModel
from radistill.study.unlike_films import without_unlike

CHECKS: dict[str, type[Record]] = {"robustness": Robustness, "explanation": Explanation}
SAMPLES = 24  # films on the sheet of the audit


def run_study(
    data: Path,
    out: Path,
    config: StudyConfig,
    *,
    labels: Path | None = None,
    columns: FilmColumns | None = None,
    unlabelled: Sequence[Path] = (),
    update: bool = False,
) -> Comparison:
    """Run or resume the whole study and return its comparison.

    data, labels, columns, unlabelled: films, as `radistill.data.load_dataset` reads them. out: the
    run directory. update: allow a run directory made with other settings; what they touch runs
    anew. Raises UsageError for data, settings or a folder that cannot be used, and RadistillError
    if another process works in that folder.
    """
    accelerator, run = open_accelerator(config), RunDirectory(out)
    with run.open(config, update=update) if accelerator.is_main_process else nullcontext():
        # Data: read once, split by patient, audited.
        further = [TrainedModel(folder) for folder in config.distill.teachers]
        sizes = config.input_sizes | {config.baseline.input_size}
        sizes |= {teacher.input_size for teacher in further}
        if accelerator.is_main_process:
            console.print(f"data: reading the films of {data}", markup=False)
        with accelerator.main_process_first():  # the others find what it has decoded
            dataset = load_dataset(
                data,
                config.data,
                config.seed,
                labels,
                columns=columns,
                unlabelled=unlabelled,
                cache=run.cache,
                sizes=sizes,
            )
        dataset = without_unlike(dataset)
        study = Study(run, config, dataset, targets_of(dataset, config.data.targets), accelerator)
        _check_networks(study)
        for teacher in further:
            check_targets(teacher, study.targets.names)
        if study.main:
            _record_data(study, update=update)

        # Models: each trained on the same films, chosen on validation, scored once on test.
        fit_at_once(study, planned_fits(study), room(accelerator))
        baseline = fit_model(study, "baseline", config.recipe("baseline"))
        own = fit_teachers(study)
        better = without_worse(own)
        teachers, left_out = [*better, *further], [one for one in own if one not in better]
        several = len(own) + len(further) > 1
        taught_by = [*own, score_average(study, teachers, left_out)] if several else own
        alone = fit_student(study, "student-alone", [], config.distill)
        student = fit_rounds(study, teachers)

        # Results: side by side on the test films.
        if study.main:
            _conclude(study, [baseline, *taught_by, alone], student, data)
        accelerator.wait_for_everyone()
        return read_record(Comparison, run.folder / "comparison.json")


def open_accelerator(config: StudyConfig) -> Accelerator:
    """The devices of this process and those beside it, in the precision that `config` asks for."""
    # Without a GPU accelerate makes one process of several only if it is told to use the CPU.
    on_cpu = not torch.accelerator.is_available()
    precision = "no" if on_cpu else config.mixed_precision
    accelerator = Accelerator(cpu=on_cpu, mixed_precision=precision)
    # A process that ends with its group standing is now and then aborted by the group's threads.
    atexit.register(accelerator.end_training)
    return accelerator


def _check_networks(study: Study) -> None:
    """Build every network that is still to be trained, so that a wrong one stops the study now."""
    config = study.config
    students = ("student-alone", *student_names(config.distill))
    planned = [(config.recipe("baseline"), ["baseline"]), (config.recipe("student"), students)]
    planned += [(teacher.recipe, [name]) for name, teacher in own_teachers(config).items()]
    for recipe, models in planned:
        if not all(study.run.stage_file(name).exists() for name in models):
            check_network(recipe, len(study.targets.names))
    if config.distill.general and not study.run.stage_file(STUDENT).exists():
        general_network(config.distill.general, config.seed)


def _record_data(study: Study, *, update: bool) -> None:
    """config.yaml, manifest.csv, environment.json and the audit; prints the notes."""
    run, dataset = study.run, study.dataset
    run.record(study.config, dataset.films, update=update)
    write_record(run.folder / "environment.json", environment())
    notes = (*dataset.notes, *dataset.local_notes)
    key = study.key(dataset.protocol, dataset.leaking, notes, dataset.unreadable)
    if not (run.step_done("audit", key) and (run.folder / "audit.json").exists()):
        write_record(run.folder / "audit.json", audit(dataset))
        sheet = sample_grid(dataset, SAMPLES)
        write_with(run.folder / "audit-grid.png", lambda path: path.write_bytes(sheet))
        run.finish_step("audit", key)
    for note in notes:
        console.print(f"note: {note}", markup=False)
    if dataset.unreadable:
        files = counted(len(dataset.unreadable), "unreadable file")
        console.print(f"{files} skipped; see audit.json")


def _conclude(
    study: Study,
    others: Sequence[TrainedModel | TeacherAverage],
    student: TrainedModel,
    data: Path,
) -> None:
    """Comparison, bundle and report, unless they were made of these very models."""
    models = [*others, student]
    run, config, dataset = study.run, study.config, study.dataset
    weights = study.key([model.weights_sha256 for model in models])
    key = digest([weights, config.evaluation.model_dump(exclude_defaults=True)])
    made = [run.folder / name for name in ("comparison.json", "report.html")]
    if run.step_done("report", key) and all(file.exists() for file in made):
        return
    films = DecodedFilms.of(dataset.films, dataset.squares)
    checked = _checked(study, student, films, data)
    study.say("comparison: intervals, paired differences and costs")
    scored = [model.scored(config.evaluation, config.seed) for model in models]
    scored[-1] = replace(scored[-1], result=scored[-1].result.model_copy(update=checked))
    comparison = compare(
        run.folder,
        scored,
        describe(dataset),
        config.evaluation,
        config.seed,
        costs=_costs(run, models, weights),
        exposure=films.exposure,
    )
    run.finish_step("costs", weights)
    trained = [model for model in others if isinstance(model, TrainedModel)]
    reasons = shortfalls_of(student, trained, config.evaluation, config.seed)
    if reasons:
        comparison = with_shortfalls(comparison, student.name, reasons)
        write_record(run.folder / "comparison.json", comparison)
        shutil.rmtree(run.folder / "bundle", ignore_errors=True)  # of an earlier student
    else:
        study.say("bundle: exporting the student, and trying a smaller file of it")
        bundle_model(
            run.folder / "bundle",
            student,
            comparison,
            dataset.films,
            dataset.squares[student.input_size],
            config.evaluation,
            config.seed,
            notes=dataset.notes,
            perceptual_hashes=dataset.perceptual_hashes,
        )
    study.say("report: drawing")
    write_report(
        run.folder,
        comparison,
        {model.name: model.predictions("test") for model in models},
        films.thumbnail,
        heat=heat_map_of(student, films.at(student.input_size)),
    )
    for left in (run.working("teacher-outputs"), run.cache / VIEWS):
        shutil.rmtree(left, ignore_errors=True)
    run.finish_step("report", key)


def _checked(
    study: Study, student: TrainedModel, films: DecodedFilms, data: Path
) -> dict[str, Record]:
    """The student's robustness.json and explanation.json, made if the settings ask for them."""
    files = {name: student.folder / f"{name}.json" for name in CHECKS}
    if not study.config.evaluation.robustness:
        for file in files.values():
            file.unlink(missing_ok=True)  # of other settings
        return {}
    threshold = student.metrics.threshold
    key = study.key(student.weights_sha256, threshold)
    if not (study.run.step_done("checks", key) and all(file.exists() for file in files.values())):
        study.say("checks: corrupted films and heat maps")
        squares = films.at(student.input_size)
        masks = data / "masks"
        shown = masks if study.dataset.synthetic and masks.is_dir() else None
        write_record(files["robustness"], check_robustness(student, squares, threshold))
        explanation = check_heat_maps(student, squares, shown, study.config.seed)
        write_record(files["explanation"], explanation)
        study.run.finish_step("checks", key)
    return {name: read_record(kind, files[name]) for name, kind in CHECKS.items()}


def _costs(
    run: RunDirectory, models: Sequence[TrainedModel | TeacherAverage], key: str
) -> dict[str, Cost]:
    """What running each model costs, measured in turn, in one run; kept while weights are."""
    file = run.folder / "comparison.json"
    if run.step_done("costs", key) and file.exists():
        before = read_record(Comparison, file)
        return {model.name: model.cost for model in before.models if model.cost}
    return costs_side_by_side({model.name: (model.network, model.input_size) for model in models})


def describe(dataset: Dataset) -> DatasetFacts:
    """The facts about the data that stand in comparison.json."""
    counts = {split: dict(Counter(film.label for film in dataset.split(split))) for split in SPLITS}
    unlabelled = len(dataset.split(UNLABELLED))
    return DatasetFacts(
        name=dataset.name,
        classes=dataset.classes,
        positive=dataset.positive,
        counts=counts,
        protocol=dataset.protocol,
        leaking=dataset.leaking,
        synthetic=dataset.synthetic,
        **({} if dataset.patients_known else {"patients_known": False}),
        **({"unlabelled": unlabelled} if unlabelled else {}),
    )
