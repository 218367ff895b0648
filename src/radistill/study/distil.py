"""The teachers of a study, and its students, which learn from their outputs."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
from scipy.special import expit, logit
from sklearn.metrics import log_loss, roc_auc_score

from radistill.config import DistillConfig, GeneralConfig, StudyConfig, StudyTeacher
from radistill.data.manifest import UNLABELLED
from radistill.distill.objective import Distillation, parts_read
from radistill.distill.teacher_outputs import TeacherOutputCache, average, cache_teacher_outputs
from radistill.errors import UsageError, counted
from radistill.models import GreyClassifier, create
from radistill.study.at_once import PlannedFit
from radistill.study.fit import Study, fit_model, repeated_views
from radistill.study.trained import STUDENT, TrainedModel
from radistill.training.task import batch_size

TEACHER = "teacher"


def own_teachers(config: StudyConfig) -> dict[str, StudyTeacher]:
    """The study's own teachers: `teacher` if it is the only one that teaches, else numbered."""
    teachers = config.teachers()
    if len(teachers) + len(config.distill.teachers) == 1:
        return {TEACHER: teachers[0]}
    return {f"{TEACHER}-{number}": teacher for number, teacher in enumerate(teachers, 1)}


def fit_teachers(study: Study) -> list[TrainedModel]:
    """Train the study's teachers, as `teacher.members` says."""
    return [fit_teacher(study, name) for name in own_teachers(study.config)]


def fit_teacher(study: Study, name: str) -> TrainedModel:
    """Train the study's own teacher of this name."""
    teacher = own_teachers(study.config)[name]
    return fit_model(study, name, teacher.recipe, seed=study.config.seed + teacher.seed)


def without_worse(teachers: Sequence[TrainedModel]) -> list[TrainedModel]:
    """The study's teachers without those that make their average worse on validation.

    One is left out if the mean log-odds of the others have both a higher AUC and a lower log loss
    there; of several such the one without which the AUC is highest, and so on until none is.
    """
    kept = list(teachers)
    while len(kept) > 1:
        auc, loss = _on_validation(kept)
        rest = [kept[:n] + kept[n + 1 :] for n in range(len(kept))]
        scores = [_on_validation(some) for some in rest]
        better = [(a, -b, n) for n, (a, b) in enumerate(scores) if a > auc and b < loss]
        if not better:
            break
        kept = rest[max(better)[2]]
    return kept


def _on_validation(teachers: Sequence[TrainedModel]) -> tuple[float, float]:
    """AUC and log loss of the mean log-odds on the validation films."""
    predictions = [teacher.predictions("val") for teacher in teachers]
    odds = np.mean([logit(one.probability.clip(1e-7, 1 - 1e-7)) for one in predictions], axis=0)
    truth = predictions[0].truth
    return float(roc_auc_score(truth, odds)), float(log_loss(truth, expit(odds)))


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
    settings = distill.model_dump(exclude_defaults=True, exclude={"teachers", "rounds"})
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


def student_names(distill: DistillConfig, last: str = STUDENT) -> list[str]:
    """The distilled students, one a round; `last` is that of the last."""
    return [*(f"{last}-{number}" for number in range(1, distill.rounds)), last]


def fit_rounds(
    study: Study,
    teachers: Sequence[TrainedModel],
    last: str = STUDENT,
    *,
    unlabelled: bool = True,
) -> TrainedModel:
    """Train the distilled student: from `teachers`, then each round from the student before."""
    answering, distill = list(teachers), study.config.distill
    for name in student_names(distill, last):
        answering = [fit_student(study, name, answering, distill, unlabelled=unlabelled)]
    return answering[-1]


def planned_fits(study: Study) -> dict[str, PlannedFit]:
    """Every model of the study, those that take longest first."""
    config, names = study.config, own_teachers(study.config)
    alone = partial(fit_student, name="student-alone", teachers=(), distill=config.distill)
    baseline = partial(fit_model, name="baseline", recipe=config.recipe("baseline"))
    return {
        **{name: PlannedFit(partial(fit_teacher, name=name)) for name in names},
        "student-alone": PlannedFit(alone),
        "baseline": PlannedFit(baseline),
        STUDENT: PlannedFit(_fit_taught, after=tuple(names)),
    }


def _fit_taught(study: Study) -> TrainedModel:
    """Train the student from the teachers that the run has by now, and those from elsewhere."""
    own = [TrainedModel(study.run.folder / name) for name in own_teachers(study.config)]
    further = [TrainedModel(folder) for folder in study.config.distill.teachers]
    return fit_rounds(study, [*without_worse(own), *further])


def _distillation(
    study: Study, teachers: Sequence[TrainedModel], distill: DistillConfig, *, unlabelled: bool
) -> Distillation:
    """The student's loss, with the teachers' averaged outputs for each film and view."""

    def outputs(network: GreyClassifier, identity: object) -> TeacherOutputCache:
        return _teacher_outputs(study, network, identity, distill.views, unlabelled=unlabelled)

    read = parts_read(distill)
    task = average([outputs(one.network, one.weights_sha256).only(read) for one in teachers])
    if distill.average_views:
        task = task.with_averaged_views()
    if distill.general is None:
        return Distillation(task, distill)
    network = general_network(distill.general, study.config.seed)
    return Distillation(task, distill, outputs(network, distill.general.model_dump()))


def general_network(general: GeneralConfig, seed: int) -> GreyClassifier:
    """A network with its pretrained weights as they are; its head has no meaning."""
    with torch.random.fork_rng(devices=[]):  # the student's own draws do not change
        torch.manual_seed(seed)
        network, _ = create(**general.model_dump(), classes=2)
    return network


def _teacher_outputs(
    study: Study, network: GreyClassifier, identity: object, views: int, *, unlabelled: bool
) -> TeacherOutputCache:
    """identity: what tells the network from others."""
    augment = study.config.augment
    films = study.examples("train", network.input_size, unlabelled=unlabelled)
    study.say(f"teacher outputs: {views} views of {counted(len(films), 'film')}")
    others = study.dataset.split(UNLABELLED) if unlabelled else []
    parts = ([film.sha256 for film in others],) if others else ()
    key = study.key(identity, augment.model_dump(exclude_defaults=True), *parts)
    return cache_teacher_outputs(
        network,
        films,
        repeated_views(study, films, views),
        folder=study.run.working("teacher-outputs") / key,
        key=key,
        accelerator=study.accelerator,
    )
