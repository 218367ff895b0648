"""One model of a study, from initial weights to scored predictions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from accelerate import Accelerator

from radistill.config import Recipe, StudyConfig
from radistill.data.dataset import Dataset
from radistill.data.targets import Targets
from radistill.explain.cost import cost
from radistill.metrics.predictions import Predictions, write_predictions
from radistill.metrics.score import score_model
from radistill.models import GreyClassifier, WeightsReport, create, save_model
from radistill.models.reported import class_probabilities
from radistill.models.saved import WEIGHTS
from radistill.progress import console
from radistill.study.rundir import FORMAT, RunDirectory, digest
from radistill.study.trained import PREDICTIONS, TrainedModel
from radistill.training.examples import Examples, examples_of
from radistill.training.frozen import FROZEN
from radistill.training.head import FEATURES, train_head
from radistill.training.history import Epoch, training_seconds, write_history
from radistill.training.loop import train
from radistill.training.objective import Objective
from radistill.training.outputs import outputs, plain
from radistill.training.state import CHECKPOINT
from radistill.training.task import TrainingTask

HISTORY = "history.csv"


@dataclass(frozen=True)
class Study:
    """What every model of a study is made from."""

    run: RunDirectory
    config: StudyConfig
    dataset: Dataset
    targets: Targets
    accelerator: Accelerator

    def examples(self, split: str, size: int) -> Examples:
        return examples_of(self.dataset, split, self.dataset.squares[size], self.targets)

    def key(self, *parts: object) -> str:
        """Hash of the films, labels and split, the seed and `parts`."""
        films = [(f.path, f.label, f.patient, f.split, f.sha256) for f in self.dataset.films]
        classes = (self.dataset.classes, self.dataset.positive)
        targets = (self.targets.names, self.targets.class_of)
        return digest([FORMAT, films, classes, targets, self.config.seed, *parts])

    @property
    def main(self) -> bool:
        """Whether this process writes, of those that train together."""
        return bool(self.accelerator.is_main_process)

    def say(self, text: str) -> None:
        """Print a line, once over all processes."""
        if self.main:
            console.print(text)


def fit_model(
    study: Study,
    name: str,
    recipe: Recipe,
    *,
    views: int | None = None,
    objective: Callable[[], Objective] | None = None,
    depends_on: tuple[object, ...] = (),
) -> TrainedModel:
    """Train and score one model, unless the run has it.

    views: augmented views of a film, cycled by epoch. objective: makes the loss when training
    starts; cross-entropy if not given. depends_on: what else decides the outcome, such as the
    teachers and the distillation settings.
    """
    run, wait, settings = study.run, study.accelerator.wait_for_everyone, study.config
    # Without defaults, so that a setting that is added later does not train everything anew.
    parts = [part.model_dump(exclude_defaults=True) for part in (recipe, settings.augment)]
    training = study.key(*parts, views, depends_on, settings.mixed_precision)
    scoring = settings.evaluation.model_dump(exclude_defaults=True, exclude={"robustness"})
    key = digest([training, scoring])
    kept, trained = run.done(name, key), run.done(name, training, "training")
    wait()
    if kept:
        study.say(f"{name}: finished before, kept")
        return TrainedModel(run.folder / name)
    if trained:
        study.say(f"{name}: trained before, scored anew")
        if study.main:
            run.take_up(name)
    else:
        history = _train(study, name, recipe, training, views, objective)
        if study.main:
            write_history(run.working(name) / HISTORY, history)
    wait()
    model = _score(study, name)
    if study.main:
        run.finish(name, key, training=training, drop=(CHECKPOINT, FEATURES, FROZEN))
    wait()
    return model.moved(run.folder / name)


def _train(
    study: Study,
    name: str,
    recipe: Recipe,
    key: str,
    views: int | None,
    objective: Callable[[], Objective] | None,
) -> list[Epoch]:
    """Train in the working folder and write weights.safetensors and model.json there."""
    settings, folder = study.config, study.run.working(name)
    torch.manual_seed(settings.seed)  # student and student-alone start from the same weights
    network, report = create_network(recipe, len(study.targets.names))
    study.say(f"[bold]{name}[/bold]: {recipe.architecture}, {report.summary()}")
    task = TrainingTask(
        name=name,
        train=study.examples("train", recipe.input_size),
        val=study.examples("val", recipe.input_size),
        positive=study.dataset.positive_index,
        folder=folder,
        key=key,
        seed=settings.seed,
        accelerator=study.accelerator,
    )
    history: list[Epoch] = []
    if recipe.head_epochs:
        history += train_head(network, recipe, task)
    if recipe.epochs:
        loss = objective() if objective else None
        history += train(network, recipe, task, settings.augment, objective=loss, views=views)
    if study.main:
        save_model(
            network,
            folder,
            classes=list(study.dataset.classes),
            targets=list(study.targets.names),
            class_of=list(study.targets.class_of),
            positive=study.dataset.positive,
            weights_from=report.source,
            synthetic=study.dataset.synthetic,
        )
    return history


def create_network(recipe: Recipe, outputs: int) -> tuple[GreyClassifier, WeightsReport]:
    """The network of `recipe` before training, and where its weights come from."""
    return create(
        recipe.architecture,
        classes=outputs,
        dropout=recipe.dropout,
        weights=recipe.weights,
        input_size=recipe.input_size,
        enlarge=recipe.enlarge,
    )


def _score(study: Study, name: str) -> TrainedModel:
    """Predictions on validation and test, and every figure that follows from them."""
    folder, settings = study.run.working(name), study.config
    model = TrainedModel(folder)  # from the file that is kept, not the network in memory
    for split in PREDICTIONS:
        model.keep(split, _predict(study, model.network, split))
    if study.main:
        for split, file in PREDICTIONS.items():
            write_predictions(folder / file, model.predictions(split))
        score_model(
            folder,
            val=model.predictions("val"),
            test=model.predictions("test"),
            config=settings.evaluation,
            seed=settings.seed,
            architecture=model.architecture,
            cost=cost(model.network, model.input_size, folder / WEIGHTS),
            training_seconds=round(training_seconds(folder / HISTORY), 1),
        )
    return model


def _predict(study: Study, network: GreyClassifier, split: str) -> Predictions:
    """Probabilities of `network` on one split, in manifest order."""
    films = study.dataset.split(split)
    examples = study.examples(split, network.input_size)
    network.to(study.accelerator.device)
    logits = outputs(network, len(films), plain(examples), study.accelerator)
    scores = class_probabilities(logits.double(), study.targets.class_of).numpy()
    return Predictions(
        path=tuple(film.path for film in films),
        patient=tuple(film.patient for film in films),
        label=tuple(film.label for film in films),
        probability=scores[:, study.dataset.positive_index],
        positive=study.dataset.positive,
        scores=scores if len(study.dataset.classes) > 2 else None,
        classes=study.dataset.classes,
    )
