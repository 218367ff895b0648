"""One model of a study, from initial weights to scored predictions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from accelerate import Accelerator

from radistill.config import Recipe, StudyConfig
from radistill.data.dataset import Dataset
from radistill.data.manifest import UNLABELLED
from radistill.data.targets import Targets
from radistill.explain.cost import cost
from radistill.metrics.predictions import Predictions, write_predictions
from radistill.metrics.score import score_model
from radistill.models import GreyClassifier, WeightsReport, create, save_model
from radistill.models.reported import class_probabilities
from radistill.models.saved import WEIGHTS
from radistill.progress import console
from radistill.schema.figures import Cost
from radistill.study.rundir import FORMAT, RunDirectory, digest
from radistill.study.trained import PREDICTIONS, StudyModel, TrainedModel
from radistill.training.examples import Examples, examples_of
from radistill.training.frozen import FROZEN, check_split
from radistill.training.head import FEATURES, train_head
from radistill.training.history import Epoch, training_seconds, write_history
from radistill.training.kept_views import keep_views
from radistill.training.linear_probe import fit_linear_probe
from radistill.training.loop import train
from radistill.training.objective import Objective
from radistill.training.outputs import outputs, plain
from radistill.training.state import CHECKPOINT
from radistill.training.task import TrainingTask
from radistill.training.views import Views

HISTORY = "history.csv"
VIEWS = "views"  # folder of the views that are kept, in the run's cache


@dataclass(frozen=True)
class Study:
    """What every model of a study is made from."""

    run: RunDirectory
    config: StudyConfig
    dataset: Dataset
    targets: Targets
    accelerator: Accelerator

    def examples(self, split: str, size: int, *, unlabelled: bool = False) -> Examples:
        squares = self.dataset.squares[size]
        return examples_of(self.dataset, split, squares, self.targets, unlabelled=unlabelled)

    def key(self, *parts: object) -> str:
        """Hash of the films with labels, their labels and split, the seed and `parts`."""
        films = [
            (f.path, f.label, f.patient, f.split, f.sha256)
            for f in self.dataset.films
            if f.split != UNLABELLED
        ]
        classes = (self.dataset.classes, self.dataset.positive)
        targets = (self.targets.names, self.targets.class_of)
        return digest([FORMAT, films, classes, targets, self.config.seed, *parts])

    @property
    def scoring(self) -> dict[str, object]:
        """The settings that decide a model's figures, without defaults."""
        return self.config.evaluation.model_dump(exclude_defaults=True, exclude={"robustness"})

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
    seed: int | None = None,
    views: int | None = None,
    objective: Callable[[], Objective] | None = None,
    unlabelled: bool = False,
    steps: int = 0,
    depends_on: tuple[object, ...] = (),
) -> TrainedModel:
    """Train and score one model, unless the run has it.

    seed: of training, instead of the study's; scoring has that of the study. views: augmented
    views of a film, cycled by pass. objective: makes the loss when training starts; cross-entropy
    if not given. unlabelled: train on the films without labels too. steps: of an epoch where the
    recipe leaves it open, see `TrainingTask`. depends_on: what else decides the outcome, such as
    the teachers and the distillation settings.
    """
    run, wait, settings = study.run, study.accelerator.wait_for_everyone, study.config
    seeded = study
    if seed is not None:
        seeded = replace(study, config=settings.model_copy(update={"seed": seed}))
    # Without defaults, so that a setting that is added later does not train everything anew.
    parts = [part.model_dump(exclude_defaults=True) for part in (recipe, settings.augment)]
    # Whatever the precision, so that a run may go on where there is no GPU; "no" is that of keys
    # made when it was a part of them.
    if unlabelled:
        depends_on += ([film.sha256 for film in study.dataset.split(UNLABELLED)],)
    if steps:
        depends_on += (steps,)
    training = seeded.key(*parts, views, depends_on, "no")
    key = digest([training, study.scoring])
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
        task = TrainingTask(
            name=name,
            train=study.examples("train", recipe.input_size, unlabelled=unlabelled),
            val=study.examples("val", recipe.input_size),
            positive=study.dataset.positive_index,
            folder=run.working(name),
            key=training,
            seed=seeded.config.seed,
            accelerator=study.accelerator,
            steps=recipe.steps or steps,
        )
        history = _train(seeded, task, recipe, views, objective)
        if study.main:
            write_history(run.working(name) / HISTORY, history)
    wait()
    study.say(f"{name}: scoring validation and test films")
    model = TrainedModel(run.working(name))  # from the file that is kept, not that in memory
    score(
        study,
        model,
        [model.network],
        architecture=model.architecture,
        cost=lambda: cost(model.network, model.input_size, model.folder / WEIGHTS),
        training_seconds=lambda: round(training_seconds(model.folder / HISTORY), 1),
    )
    if study.main:
        run.finish(name, key, training=training, drop=(CHECKPOINT, FEATURES, FROZEN))
    wait()
    return model.moved(run.folder / name)


def _train(
    study: Study,
    task: TrainingTask,
    recipe: Recipe,
    views: int | None,
    objective: Callable[[], Objective] | None,
) -> list[Epoch]:
    """Train in the working folder and write weights.safetensors and model.json there."""
    settings = study.config
    torch.manual_seed(settings.seed)  # student and student-alone start from the same weights
    network, report = create_network(recipe, len(study.targets.names))
    study.say(f"[bold]{task.name}[/bold]: {recipe.architecture}, {report.summary()}")
    history: list[Epoch] = []
    if recipe.head_epochs:
        history += train_head(network, recipe, task)
    elif not recipe.epochs:
        seen = Views(recipe.cached_views, settings.seed, settings.augment)
        history += fit_linear_probe(network, recipe, task, seen)
    if recipe.epochs:
        loss = objective() if objective else None
        if views and not recipe.cached_views:
            drawn = repeated_views(study, task.train, views)
        else:
            passes = recipe.epochs * task.passes_an_epoch(recipe.batch_size)
            count = recipe.cached_views or views or passes
            drawn = Views(count, settings.seed, settings.augment)
        history += train(network, recipe, task, drawn, objective=loss)
    if study.main:
        save_model(
            network,
            task.folder,
            classes=list(study.dataset.classes),
            targets=list(study.targets.names),
            class_of=list(study.targets.class_of),
            positive=study.dataset.positive,
            weights_from=report.source,
            synthetic=study.dataset.synthetic,
        )
    return history


def repeated_views(study: Study, films: Examples, count: int) -> Views:
    """Views that teachers and students see alike, kept on disk for them."""
    views = Views(count, study.config.seed, study.config.augment)
    return keep_views(views, films, study.run.cache / VIEWS, study.accelerator)


def create_network(recipe: Recipe, outputs: int) -> tuple[GreyClassifier, WeightsReport]:
    """The network of `recipe` before training, and where its weights come from."""
    return create(
        recipe.architecture,
        classes=outputs,
        dropout=recipe.dropout,
        weights=recipe.weights,
        input_size=recipe.input_size,
        enlarge=recipe.enlarge,
        pooling=recipe.pooling,
    )


def check_network(recipe: Recipe, outputs: int) -> None:
    """Build the network of `recipe`, so that a wrong one is refused before anything is trained."""
    network, _ = create_network(recipe, outputs)
    if recipe.cached_views and recipe.epochs:
        check_split(network, recipe.frozen_stages)


def score(
    study: Study,
    model: StudyModel,
    networks: Sequence[GreyClassifier],
    *,
    architecture: str,
    cost: Callable[[], Cost],
    training_seconds: Callable[[], float | None],
) -> None:
    """Predictions on validation and test, and every figure that follows, in the model's folder.

    networks: whose logits are averaged.
    """
    for split in PREDICTIONS:
        model.keep(split, _predict(study, networks, split))
    if not study.main:
        return
    for split, file in PREDICTIONS.items():
        write_predictions(model.folder / file, model.predictions(split))
    score_model(
        model.folder,
        val=model.predictions("val"),
        test=model.predictions("test"),
        config=study.config.evaluation,
        seed=study.config.seed,
        architecture=architecture,
        cost=cost(),
        training_seconds=training_seconds(),
    )


def _predict(study: Study, networks: Sequence[GreyClassifier], split: str) -> Predictions:
    """Probabilities by the mean logits of `networks` on one split, in manifest order."""
    films, accelerator = study.dataset.split(split), study.accelerator
    logits = []
    for network in networks:
        examples = study.examples(split, network.input_size)
        network.to(accelerator.device)
        logits.append(
            outputs(network, len(films), plain(examples, accelerator.device), accelerator).double()
        )
    mean = torch.stack(logits).mean(dim=0)
    scores = class_probabilities(mean, study.targets.class_of).numpy()
    return Predictions(
        path=tuple(film.path for film in films),
        patient=tuple(film.patient for film in films),
        label=tuple(film.label for film in films),
        probability=scores[:, study.dataset.positive_index],
        positive=study.dataset.positive,
        scores=scores if len(study.dataset.classes) > 2 else None,
        classes=study.dataset.classes,
    )
