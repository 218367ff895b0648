"""The teachers of a study, and its students, which learn from their outputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from radistill.config import DistillConfig
from radistill.distill.objective import Distillation
from radistill.distill.teacher_outputs import TeacherOutputCache, average, cache_teacher_outputs
from radistill.errors import UsageError
from radistill.files import sha256
from radistill.models import load_model, read_spec
from radistill.study.fit import Study, fit_model
from radistill.training.views import Views


def fit_teachers(study: Study) -> list[Path]:
    """Train the study's teachers, `teacher` and as many more as `distill.ensemble` says.

    They differ in their seed alone, which is that of the study, that plus one, and so on.
    """
    config = study.config
    folders = []
    for number in range(config.distill.ensemble):
        seeded = config.model_copy(update={"seed": config.seed + number})
        name = f"teacher-{number + 1}" if number else "teacher"
        folders.append(fit_model(replace(study, config=seeded), name, config.recipe("teacher")))
    return folders


def fit_student(study: Study, name: str, teachers: Sequence[Path], distill: DistillConfig) -> Path:
    """Train the study's student, by `distill` from the `teachers`' folders; return its folder.

    Without teachers it is trained alone, on the same views.
    """
    if not teachers:
        return fit_model(study, name, study.config.recipe("student"), views=distill.views)
    settings = distill.model_dump(exclude_defaults=True, exclude={"teachers", "ensemble"})
    return fit_model(
        study,
        name,
        study.config.recipe("student"),
        views=distill.views,
        objective=lambda: _distillation(study, teachers, distill),
        depends_on=([_weights(folder) for folder in teachers], settings),
    )


def further_teacher(folder: Path, targets: tuple[str, ...]) -> Path:
    """`folder`, if it holds a model of the same targets; UsageError if not."""
    theirs = read_spec(folder).get("targets")
    if theirs != list(targets):
        raise UsageError(
            f"{folder}: this teacher tells apart {theirs}, the study {list(targets)}; train it "
            "with the same data.targets and classes"
        )
    return folder


def _distillation(study: Study, teachers: Sequence[Path], distill: DistillConfig) -> Distillation:
    """The student's loss, with the teachers' outputs for the student's views."""
    caches = [_teacher_outputs(study, folder, distill.views) for folder in teachers]
    shas = study.examples("train", study.config.student.input_size).shas
    return Distillation(average(caches, shas), distill)


def _teacher_outputs(study: Study, teacher_folder: Path, count: int) -> TeacherOutputCache:
    config = study.config
    teacher = load_model(teacher_folder)
    views = Views(count, config.seed, config.augment)
    weights = _weights(teacher_folder)
    return cache_teacher_outputs(
        teacher,
        study.examples("train", teacher.input_size),
        views,
        folder=study.run.working("teacher-outputs") / weights[:16],
        key=study.key(weights, config.augment.model_dump()),
        accelerator=study.accelerator,
    )


def _weights(model: Path) -> str:
    return sha256(model / "weights.safetensors")
