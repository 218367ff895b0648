"""One model of a study, from initial weights to scored predictions."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator

from radistill.config import Recipe, StudyConfig
from radistill.data.cache import PixelCache
from radistill.data.dataset import Dataset
from radistill.data.targets import Targets
from radistill.explain.cost import cost
from radistill.metrics.predictions import Predictions, write_predictions
from radistill.metrics.score import score_model
from radistill.models import GreyClassifier, create, load_model, save_model
from radistill.models.reported import class_probabilities
from radistill.progress import console
from radistill.study.rundir import FORMAT, RunDirectory, digest
from radistill.training.examples import Examples, examples_of
from radistill.training.frozen import FROZEN
from radistill.training.head import FEATURES, train_head
from radistill.training.history import Epoch, training_seconds, write_history
from radistill.training.loop import train
from radistill.training.objective import Objective
from radistill.training.outputs import outputs, plain
from radistill.training.state import CHECKPOINT
from radistill.training.task import TrainingTask


@dataclass(frozen=True)
class Study:
    """What every model of a study is made from."""

    run: RunDirectory
    config: StudyConfig
    dataset: Dataset
    targets: Targets
    caches: Mapping[int, PixelCache]
    accelerator: Accelerator

    def examples(self, split: str, size: int) -> Examples:
        return examples_of(self.dataset, split, self.caches[size], self.targets)

    def key(self, *parts: Any) -> str:
        """Hash of the films, labels and split, the seed and `parts`."""
        films = [(f.path, f.label, f.patient, f.split, f.sha256) for f in self.dataset.films]
        shared = [FORMAT, films, self.dataset.classes, self.dataset.positive, self.config.seed,
                  self.targets.names, self.targets.class_of]  # fmt: skip
        return digest([shared, *parts])


def fit_model(
    study: Study,
    name: str,
    recipe: Recipe,
    *,
    views: int | None = None,
    objective: Callable[[], Objective] | None = None,
    depends_on: tuple[Any, ...] = (),
) -> Path:
    """Train and score one model unless that was done before; return its folder.

    views: augmented views of a film, cycled by epoch. objective: makes the loss when training
    starts; cross-entropy if not given. depends_on: what else decides the outcome, such as the
    teacher and the distillation settings.
    """
    run, accelerator = study.run, study.accelerator
    settings = study.config
    # Without defaults, so that a setting that is added later does not train everything anew.
    training = study.key(*(part.model_dump(exclude_defaults=True)
                           for part in (recipe, settings.augment)),
                         views, depends_on, settings.mixed_precision)  # fmt: skip
    key = digest([training, settings.evaluation.model_dump(exclude_defaults=True)])
    done = run.done(name, key)
    accelerator.wait_for_everyone()
    if done:
        if accelerator.is_main_process:
            console.print(f"{name}: finished before, kept")
        return run.folder / name
    if run.done(name, training, "training"):
        if accelerator.is_main_process:
            console.print(f"{name}: trained before, scored anew")
            run.take_up(name)
    else:
        history = _train(study, name, recipe, training, views, objective)
        if accelerator.is_main_process:
            write_history(run.working(name) / "history.csv", history)
    accelerator.wait_for_everyone()
    _score(study, name, recipe)
    if accelerator.is_main_process:
        run.finish(name, key, training=training, drop=(CHECKPOINT, FEATURES, FROZEN))
    accelerator.wait_for_everyone()
    return run.folder / name


def _train(
    study: Study,
    name: str,
    recipe: Recipe,
    key: str,
    views: int | None,
    objective: Callable[[], Objective] | None,
) -> list[Epoch]:
    """Train in the working folder and write weights.safetensors and model.json there."""
    accelerator, settings = study.accelerator, study.config
    torch.manual_seed(settings.seed)  # student and student-alone start from the same weights
    model, report = create(
        recipe.architecture,
        classes=len(study.targets.names),
        dropout=recipe.dropout,
        weights=recipe.weights,
        input_size=recipe.input_size,
        enlarge=recipe.enlarge,
    )
    if accelerator.is_main_process:
        console.print(f"[bold]{name}[/bold]: {recipe.architecture}, {report.summary()}")
    task = TrainingTask(
        name=name,
        train=study.examples("train", recipe.input_size),
        val=study.examples("val", recipe.input_size),
        positive=study.dataset.positive_index,
        folder=study.run.working(name),
        key=key,
        seed=settings.seed,
        accelerator=accelerator,
    )
    history: list[Epoch] = []
    if recipe.head_epochs:
        history += train_head(model, recipe, task)
    if recipe.epochs:
        loss = objective() if objective else None
        history += train(model, recipe, task, settings.augment, objective=loss, views=views)
    if accelerator.is_main_process:
        save_model(
            model,
            study.run.working(name),
            classes=list(study.dataset.classes),
            targets=list(study.targets.names),
            class_of=list(study.targets.class_of),
            positive=study.dataset.positive,
            weights_from=report.source,
            synthetic=study.dataset.synthetic,
        )
    return history


def _score(study: Study, name: str, recipe: Recipe) -> None:
    """Predictions on validation and test, and every figure that follows from them."""
    folder = study.run.working(name)
    seconds = training_seconds(folder / "history.csv")
    model = load_model(folder)  # the file that is kept, not the network in memory
    found = {split: predictions_of(study, model, split) for split in ("val", "test")}
    if not study.accelerator.is_main_process:
        return
    write_predictions(folder / "predictions-val.csv", found["val"])
    write_predictions(folder / "predictions.csv", found["test"])
    score_model(
        folder,
        val=found["val"],
        test=found["test"],
        config=study.config.evaluation,
        seed=study.config.seed,
        architecture=recipe.architecture,
        cost=cost(model, recipe.input_size, folder / "weights.safetensors"),
        training_seconds=round(seconds, 1),
    )


def predictions_of(study: Study, model: GreyClassifier, split: str) -> Predictions:
    """Probabilities of `model` on one split, in manifest order."""
    films = study.dataset.split(split)
    examples = study.examples(split, model.input_size)
    model.eval().to(study.accelerator.device)
    logits = outputs(model, len(films), plain(examples), study.accelerator)
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


def forget(folder: Path) -> None:
    """Remove scratch that a later run would not use."""
    shutil.rmtree(folder, ignore_errors=True)
