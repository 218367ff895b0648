"""The teachers of a study, and its students, which learn from their outputs."""

from collections.abc import Sequence

from radistill.config import DistillConfig
from radistill.distill.objective import Distillation
from radistill.distill.teacher_outputs import TeacherOutputCache, average, cache_teacher_outputs
from radistill.errors import UsageError
from radistill.study.fit import Study, fit_model, repeated_views
from radistill.study.trained import TrainedModel

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
    config = study.config
    return [
        fit_model(study, name, config.recipe("teacher"), seed=config.seed + number)
        for number, name in enumerate(teacher_names(config.distill))
    ]


def check_targets(teacher: TrainedModel, targets: tuple[str, ...]) -> None:
    """UsageError if a teacher from elsewhere does not tell apart what the study does."""
    if teacher.targets != targets:
        raise UsageError(
            f"{teacher.folder}: this teacher tells apart {', '.join(teacher.targets)}, the study "
            f"{', '.join(targets)}; train it with the same data.targets and classes"
        )


def fit_student(
    study: Study, name: str, teachers: Sequence[TrainedModel], distill: DistillConfig
) -> TrainedModel:
    """Train the study's student by `distill` from `teachers`, or alone if there are none.

    Both ways it has the same initial weights, views and number of steps.
    """
    recipe = study.config.recipe("student")
    if not teachers:
        return fit_model(study, name, recipe, views=distill.views)
    settings = distill.model_dump(exclude_defaults=True, exclude={"teachers", "ensemble"})
    return fit_model(
        study,
        name,
        recipe,
        views=distill.views,
        objective=lambda: _distillation(study, teachers, distill),
        depends_on=([teacher.weights_sha256 for teacher in teachers], settings),
    )


def _distillation(
    study: Study, teachers: Sequence[TrainedModel], distill: DistillConfig
) -> Distillation:
    """The student's loss, with the teachers' averaged outputs for each film and view."""
    caches = [_teacher_outputs(study, teacher, distill.views) for teacher in teachers]
    return Distillation(average(caches), distill)


def _teacher_outputs(study: Study, teacher: TrainedModel, views: int) -> TeacherOutputCache:
    augment, weights = study.config.augment, teacher.weights_sha256
    films = study.examples("train", teacher.input_size)
    return cache_teacher_outputs(
        teacher.network,
        films,
        repeated_views(study, films, views),
        folder=study.run.working("teacher-outputs") / weights[:16],
        key=study.key(weights, augment.model_dump(exclude_defaults=True)),
        accelerator=study.accelerator,
    )
