"""`radistill curve`: how good a student is with how many labels, alone and distilled.

Each share of labelled patients and each seed is a run directory below OUT, with the pixels in one
cache for all of them.
"""

import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

from radistill.config import StudyConfig
from radistill.data import load_dataset
from radistill.data.dataset import Dataset
from radistill.data.load import with_hidden_labels
from radistill.data.sources import FilmColumns
from radistill.data.targets import targets_of
from radistill.errors import UsageError, counted
from radistill.metrics.curve_figures import ScoredFraction, curve_figures
from radistill.progress import console
from radistill.report.curve_page import share, write_curve
from radistill.report.fmt import duration
from radistill.schema.label_curve import LabelCurve
from radistill.study.at_once import fit_at_once, room
from radistill.study.curve_plan import CurvePlan, check_settings
from radistill.study.distil import general_network
from radistill.study.fit import VIEWS, Study, check_network
from radistill.study.run import describe, open_accelerator
from radistill.study.rundir import RunDirectory
from radistill.study.study_point import StudyPoint
from radistill.study.unlike_films import without_unlike


def run_curve(
    data: Path,
    out: Path,
    config: StudyConfig,
    plan: CurvePlan,
    *,
    labels: Path | None = None,
    columns: FilmColumns | None = None,
    unlabelled: Sequence[Path] = (),
) -> LabelCurve:
    """Train or resume every point of the curve; write curve.json, curve.svg and curve.html.

    data, labels, columns, unlabelled: films, as `radistill.data.load_dataset` reads them; the split
    is that of `config.seed` for all points, so the test films are the same. Raises UsageError for
    data, settings or a folder that cannot be used, or a fraction that leaves too few patients of a
    class, before anything is trained.
    """
    check_settings(config)
    if (out / "audit.json").exists():
        raise UsageError(f"{out}: holds a run and no curve; choose another --out")
    whole = RunDirectory(out)
    recipes = [config.recipe("student"), *(teacher.recipe for teacher in config.teachers())]
    with whole.open(config, update=False):
        dataset = load_dataset(
            data,
            config.data,
            config.seed,
            labels,
            columns=columns,
            unlabelled=unlabelled,
            cache=whole.cache,
            sizes=config.input_sizes,
        )
        for note in dataset.notes:
            console.print(f"note: {note}", markup=False)
        points = _points(whole, config, plan, dataset)
        for recipe in recipes:
            check_network(recipe, len(points[-1].study.targets.names))
        if config.distill.general:
            general_network(config.distill.general, config.seed)
        whole.record(config, dataset.films, update=False)
        _train(points)
        curve = _figures(points, plan, dataset, config)
        write_curve(out, curve)
        return curve


def _points(
    whole: RunDirectory, config: StudyConfig, plan: CurvePlan, dataset: Dataset
) -> list[StudyPoint]:
    """Every point of the plan, with the labels hidden that it does without."""
    accelerator, points = open_accelerator(config), []
    for number, fraction in enumerate(plan.fractions):
        for seed in plan.seeds_of(number, config):
            left = without_unlike(with_hidden_labels(dataset, fraction, seed))
            own = config.data.model_copy(update={"label_fraction": fraction})
            settings = config.model_copy(update={"seed": seed, "data": own})
            folder = whole.folder / f"fraction-{fraction:g}" / f"seed-{seed}"
            targets = targets_of(left, config.data.targets)
            run = RunDirectory(folder, whole.cache)
            study = Study(run, settings, left, targets, accelerator)
            points.append(StudyPoint(fraction, study, plan.arms))
    return points


def _train(points: Sequence[StudyPoint]) -> None:
    """Train every model that is not there yet, and say how much time all of them will take."""
    left = {
        (point, name): point.work(name)
        for point in points
        for name in point.fits()
        if not point.study.run.stage_file(name).exists()
    }
    total, done, started = len(left), 0.0, time.monotonic()
    for point in points:
        study, fits = point.study, point.fits()
        with study.run.open(study.config, update=False):
            study.run.record(study.config, study.dataset.films, update=False)
            console.print(
                f"[bold]labels of {share(point.fraction)}, seed {study.config.seed}[/bold]: "
                f"{counted(len(point.labelled), 'film')} with a label, {point.unlabelled:,} without"
            )
            fit_at_once(study, fits, room(study.accelerator))
            for name, planned in fits.items():
                planned.fit(study)
                if (point, name) in left:
                    done += left.pop((point, name))
                    seconds = (time.monotonic() - started) / done * sum(left.values())
                    trained = f"{total - len(left)} of {counted(total, 'training')} done"
                    console.print(f"{trained}, about {duration(seconds)} left" if left else trained)
            point.teacher_predictions()
            for scratch in (study.run.working("teacher-outputs"), study.run.cache / VIEWS):
                shutil.rmtree(scratch, ignore_errors=True)


def _figures(
    points: Sequence[StudyPoint], plan: CurvePlan, dataset: Dataset, config: StudyConfig
) -> LabelCurve:
    scored = []
    for fraction in plan.fractions:
        at = [point for point in points if point.fraction == fraction]
        patients = [len({film.patient for film in point.labelled}) for point in at]
        taught = [point.teacher_predictions() for point in at]
        scored.append(
            ScoredFraction(
                fraction=fraction,
                seeds=tuple(point.study.config.seed for point in at),
                patients=fmean(patients),
                films=fmean(len(point.labelled) for point in at),
                choosing=fmean(len(point.study.dataset.split("val")) for point in at),
                unlabelled=fmean(point.unlabelled for point in at),
                arms={arm: [point.predictions(arm) for point in at] for arm in plan.arms},
                teacher=[p for p in taught if p is not None],
            )
        )
    resamples, test = config.evaluation.bootstrap, dataset.split("test")
    figures, laws = curve_figures(scored, resamples, config.seed, plan.targets)
    return LabelCurve(
        dataset=describe(dataset),
        preset=config.preset,
        architecture=config.student.architecture,
        test_films=len(test),
        test_patients=len({film.patient for film in test}),
        bootstrap=resamples,
        points=figures,
        laws=laws,
        no_law=None if laws else "it takes two different numbers of labelled patients",
    )
