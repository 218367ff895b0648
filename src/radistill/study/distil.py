"""The teachers of a study, and its students, which learn from their outputs."""

from collections.abc import Sequence
from functools import partial

from radistill.config import DistillConfig
from radistill.data.manifest import UNLABELLED
from radistill.distill.objective import Distillation
from radistill.distill.teacher_outputs import TeacherOutputCache, average, cache_teacher_outputs
from radistill.errors import UsageError
from radistill.study.at_once import PlannedFit
from radistill.study.fit import Study, fit_model, repeated_views
from radistill.study.trained import STUDENT, TrainedModel
from radistill.training.task import batch_size

TEACHER = "teacher"


def teacher_names(distill: DistillConfig) -> list[str]:
    """The study's own teachers: `teacher` if it is the only one that teaches, else numbered."""
    if distill.ensemble + len(distill.teachers) == 1:
        return [TEACHER]
    return [f"{TEACHER}-{number + 1}" for number in range(distill.ensemble)]


def fit_teachers(study: Study) -> list[TrainedModel]:
    """Train the study's teachers, as many as `distill.ensemble` says.

    They differ in their seed alone, which is that of the study, that plus one, and so on.
    """
    names = teacher_names(study.config.distill)
    return [fit_teacher(study, name, number) for number, name in enumerate(names)]


def fit_teacher(study: Study, name: str, number: int) -> TrainedModel:
    """Train the study's own teacher of this number, counted from 0."""
    recipe = study.config.recipe("teacher")
    return fit_model(study, name, recipe, seed=study.config.seed + number)


def check_targets(teacher: TrainedModel, targets: tuple[str, ...]) -> None:
    """UsageError if a teacher from elsewhere does not tell apart what the study does."""
    if teacher.targets != targets:
        raise UsageError(
            f"{teacher.folder}: this teacher tells apart {', '.join(teacher.targets)}, the study "
            f"{', '.join(targets)}; train it with the same data.targets and classes"
        )


def fit_student(
    study: Study,
    name: str,
    teachers: Sequence[TrainedModel],
    distill: DistillConfig,
    *,
    unlabelled: bool = True,
) -> TrainedModel:
    """Train the study's student by `distill` from `teachers`, or alone if there are none.

    unlabelled: learn from what the teachers say of the films without labels too. However many films
    it learns from, it has the same initial weights, views and number of steps, which is that of
    `epochs` passes over all films.
    """
    recipe, without = study.config.recipe("student"), len(study.dataset.split(UNLABELLED))
    taught_all = bool(teachers) and unlabelled and without > 0
    steps = 0
    if without and not taught_all:
        every = len(study.dataset.split("train")) + without
        steps = every // batch_size(every, recipe.batch_size, study.accelerator.num_processes)
    if not teachers:
        return fit_model(study, name, recipe, views=distill.views, steps=steps)
    settings = distill.model_dump(exclude_defaults=True, exclude={"teachers", "ensemble", "rounds"})
    return fit_model(
        study,
        name,
        recipe,
        views=distill.views,
        objective=lambda: _distillation(study, teachers, distill, unlabelled=taught_all),
        unlabelled=taught_all,
        steps=steps,
        depends_on=([teacher.weights_sha256 for teacher in teachers], settings),
    )


def student_names(distill: DistillConfig) -> list[str]:
    """The distilled students, one a round; the last is `student`."""
    return [*(f"{STUDENT}-{number}" for number in range(1, distill.rounds)), STUDENT]


def fit_rounds(study: Study, teachers: Sequence[TrainedModel]) -> TrainedModel:
    """Train the distilled student: from `teachers`, then each round from the student before."""
    answering = list(teachers)
    for name in student_names(study.config.distill):
        answering = [fit_student(study, name, answering, study.config.distill)]
    return answering[-1]


def planned_fits(study: Study) -> dict[str, PlannedFit]:
    """Every model of the study, those that take longest first."""
    config, names = study.config, teacher_names(study.config.distill)
    alone = partial(fit_student, name="student-alone", teachers=(), distill=config.distill)
    baseline = partial(fit_model, name="baseline", recipe=config.recipe("baseline"))
    return {
        **{n: PlannedFit(partial(fit_teacher, name=n, number=i)) for i, n in enumerate(names)},
        "student-alone": PlannedFit(alone),
        "baseline": PlannedFit(baseline),
        STUDENT: PlannedFit(_fit_taught, after=tuple(names)),
    }


def _fit_taught(study: Study) -> TrainedModel:
    """Train the student from the teachers that the run has by now, and those from elsewhere."""
    distill = study.config.distill
    own = [study.run.folder / name for name in teacher_names(distill)]
    return fit_rounds(study, [TrainedModel(folder) for folder in (*own, *distill.teachers)])


def _distillation(
    study: Study, teachers: Sequence[TrainedModel], distill: DistillConfig, *, unlabelled: bool
) -> Distillation:
    """The student's loss, with the teachers' averaged outputs for each film and view."""
    caches = [
        _teacher_outputs(study, teacher, distill.views, unlabelled=unlabelled)
        for teacher in teachers
    ]
    taught = average(caches)
    return Distillation(taught.with_averaged_views() if distill.average_views else taught, distill)


def _teacher_outputs(
    study: Study, teacher: TrainedModel, views: int, *, unlabelled: bool
) -> TeacherOutputCache:
    augment, weights = study.config.augment, teacher.weights_sha256
    films = study.examples("train", teacher.input_size, unlabelled=unlabelled)
    others = study.dataset.split(UNLABELLED) if unlabelled else []
    parts = ([film.sha256 for film in others],) if others else ()
    key = study.key(weights, augment.model_dump(exclude_defaults=True), *parts)
    return cache_teacher_outputs(
        teacher.network,
        films,
        repeated_views(study, films, views),
        folder=study.run.working("teacher-outputs") / key,
        key=key,
        accelerator=study.accelerator,
    )
