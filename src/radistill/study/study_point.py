"""One point of a learning curve: a share of labelled patients and a seed, in a run directory."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from radistill.data.manifest import UNLABELLED, Film
from radistill.metrics.predictions import Predictions
from radistill.schema.label_curve import Arm
from radistill.study.at_once import PlannedFit
from radistill.study.distil import fit_rounds, fit_student, fit_teacher, own_teachers, without_worse
from radistill.study.fit import Study
from radistill.study.teacher_average import score_average
from radistill.study.trained import TrainedModel

STUDENTS: dict[Arm, str] = {
    "alone": "student-alone",
    "labelled": "student-labelled",
    "all": "student",
}


@dataclass(frozen=True, eq=False)
class StudyPoint:
    """fraction: of the patients of training and validation, whose labels `study` has left."""

    fraction: float
    study: Study
    arms: tuple[Arm, ...]

    @property
    def unlabelled(self) -> int:
        """How many films without labels there are."""
        return len(self.study.dataset.split(UNLABELLED))

    @property
    def labelled(self) -> list[Film]:
        """The films with labels, to train on and to choose by."""
        return [film for split in ("train", "val") for film in self.study.dataset.split(split)]

    @property
    def folders(self) -> dict[Arm, Path]:
        """Of the student of each arm; without unlabelled films the distilled ones are one model."""
        names = STUDENTS if self.unlabelled else STUDENTS | {"all": STUDENTS["labelled"]}
        return {arm: self.study.run.folder / names[arm] for arm in self.arms}

    @property
    def teachers(self) -> list[str]:
        """The names of the teachers; none if every student learns alone."""
        return [] if self.arms == ("alone",) else [*own_teachers(self.study.config)]

    def fits(self) -> dict[str, PlannedFit]:
        """Every model of the point by name, teachers before their students."""
        names, distill = self.teachers, self.study.config.distill
        fits = {name: PlannedFit(partial(fit_teacher, name=name)) for name in names}
        for arm, folder in self.folders.items():
            if arm == "alone":
                alone = partial(fit_student, name=folder.name, teachers=(), distill=distill)
                fits[folder.name] = PlannedFit(alone)
            else:
                taught = partial(_fit_taught, name=folder.name, unlabelled=arm == "all")
                fits[folder.name] = PlannedFit(taught, after=tuple(names))
        return fits

    def work(self, name: str) -> float:
        """About how long this model takes to train, in units of its own."""
        config, films = self.study.config, len(self.study.dataset.split("train"))
        if name in self.teachers:
            recipe = own_teachers(config)[name].recipe
            films = recipe.steps * recipe.batch_size or films
        else:  # a student takes as many steps, whatever has a label
            recipe, films = config.recipe("student"), films + self.unlabelled
        epochs = recipe.epochs + recipe.head_epochs or recipe.cached_views
        return float(films * epochs * (recipe.input_size * recipe.enlarge) ** 2)

    def predictions(self, arm: Arm) -> Predictions:
        """Of the student of this arm, on test."""
        return TrainedModel(self.folders[arm]).predictions("test")

    def teacher_predictions(self) -> Predictions | None:
        """Of what taught, on test: the teacher, or the average of several, scored if it was not."""
        models = [TrainedModel(self.study.run.folder / name) for name in self.teachers]
        if len(models) > 1:
            better = without_worse(models)
            left_out = [model for model in models if model not in better]
            return score_average(self.study, better, left_out).predictions("test")
        return models[0].predictions("test") if models else None


def _fit_taught(study: Study, name: str, *, unlabelled: bool) -> TrainedModel:
    """Train the student of this name from the teachers that the point has by now."""
    teachers = [TrainedModel(study.run.folder / teacher) for teacher in own_teachers(study.config)]
    return fit_rounds(study, without_worse(teachers), name, unlabelled=unlabelled)
