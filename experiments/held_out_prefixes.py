"""Which settings learn the disease rather than the file-name prefix.

    python experiments/held_out_prefixes.py chest_xray --preset student --model teacher \
        --set teacher.epochs=4 --name low-resolution

Validation drawn from the training prefixes hardly sees how the official test films differ. Here all
normals called NORMAL2 and the lower half of the patient numbers of bacteria and virus are held
out, nothing else is changed, and each epoch is scored on them and, for comparison, on a
tenth of the patients of the prefixes that were trained on. Specificity, sensitivity and accuracy
are at 0.5; `held_out_accuracy_youden` is at the threshold that is best on the training prefixes.
The test films are never scored. Appends a line to `experiments/held-out-prefixes.csv`.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator

from radistill.config import StudyConfig, load_config
from radistill.data import load_dataset
from radistill.data.dataset import Dataset
from radistill.data.draw import by_patient, draw
from radistill.data.targets import targets_of
from radistill.metrics.thresholds import choose_threshold
from radistill.models import GreyClassifier, create
from radistill.models.reported import class_probabilities
from radistill.training.examples import Examples, examples_of
from radistill.training.loop import train
from radistill.training.outputs import outputs, plain
from radistill.training.task import TrainingTask
from radistill.training.validation import validate

TABLE = Path(__file__).parent / "held-out-prefixes.csv"
COLUMNS = (
    "name",
    "seed",
    "epochs",
    "held_out_auc",
    "same_series_auc",
    "held_out_worst_auc",
    "held_out_specificity",
    "held_out_sensitivity",
    "held_out_accuracy",
    "held_out_accuracy_youden",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--name", required=True, help="of the row")
    parser.add_argument("--preset", default="student")
    parser.add_argument("--model", choices=["teacher", "student"], default="teacher")
    parser.add_argument("--set", action="append", default=[], help="a setting, as of radistill run")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cache", type=Path, default=Path("runs/held-out-prefixes"))
    options = parser.parse_args()
    settings = [*options.set, "data.validation=prefix"]
    config = load_config(options.preset, overrides=settings, seed=options.seed)
    row = _one(options.data, options.model, config, options.cache)
    new = not TABLE.exists()
    with TABLE.open("a", newline="") as file:
        writer = csv.writer(file)
        if new:
            writer.writerow(COLUMNS)
        writer.writerow([options.name, options.seed, *row])
    print(dict(zip(COLUMNS, [options.name, options.seed, *row], strict=True)))


def _one(data: Path, model: str, config: StudyConfig, cache: Path) -> list[object]:
    recipe = config.recipe(model)
    accelerator = Accelerator(cpu=not torch.accelerator.is_available())
    dataset = _without_test(
        load_dataset(data, config.data, 0, cache=cache, sizes=[recipe.input_size])
    )
    targets = targets_of(dataset, config.data.targets)
    pixels = dataset.squares[recipe.input_size]
    torch.manual_seed(config.seed)
    network, _ = create(
        recipe.architecture,
        classes=len(targets.names),
        dropout=recipe.dropout,
        weights=recipe.weights,
        input_size=recipe.input_size,
        enlarge=recipe.enlarge,
    )
    films, same, held = (
        examples_of(dataset, name, pixels, targets) for name in ("train", "same", "val")
    )
    positive = dataset.positive_index
    with tempfile.TemporaryDirectory() as folder:
        task = TrainingTask(
            "held out", films, held, positive, Path(folder), "-", config.seed, accelerator
        )
        train(network, recipe, task, config.augment)
    figures = [
        validate(network, some, positive, criterion, accelerator).criterion
        for some, criterion in ((held, "auc"), (same, "auc"), (held, "worst_auc"))
    ]
    truth, probability = _scored(network, held, positive, accelerator)
    threshold = choose_threshold(*_scored(network, same, positive, accelerator))
    called = probability >= 0.5
    figures += [
        float((~called[~truth]).mean()),
        float(called[truth].mean()),
        float((called == truth).mean()),
        float(((probability >= threshold) == truth).mean()),
    ]
    return [recipe.epochs, *(round(figure, 4) for figure in figures)]


def _without_test(dataset: Dataset) -> Dataset:
    """No test films; a tenth of the training patients as `same`."""
    films = [film for film in dataset.films if film.split != "test"]
    trained = [film for film in films if film.split == "train"]
    same = draw(by_patient(trained), 0.1, 0)
    parted = [replace(film, split="same") if film.patient in same else film for film in films]
    return replace(dataset, films=tuple(parted))


def _scored(
    network: GreyClassifier, films: Examples, positive: int, accelerator: Accelerator
) -> tuple[np.ndarray, np.ndarray]:
    """Truth, bool (N,), and the probability of the positive class, (N,)."""
    logits = outputs(network, len(films), plain(films), accelerator)
    probability = class_probabilities(logits, films.class_of)[:, positive].numpy()
    return films.classes == positive, probability


if __name__ == "__main__":
    main()
