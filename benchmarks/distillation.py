"""What the caches save, as ratios measured in one run on the same films.

    python benchmarks/distillation.py chest_xray/train          # 256 films, about eight minutes

(a) A distillation epoch as the published notebook has it (JPEGs decoded anew, the teacher run on
    the fly, a step of the student, at 224 pixels) against one of ours (pixels and teacher
    outputs cached, the student at its own size). Both with the notebook's ResNet-18 and with our
    student, so that the part of the caches and the part of the smaller student can be told apart.
(b) A teacher epoch over the whole ResNet-50 against one of its last stage on cached outputs of the
    frozen stages, at the same size.
(c) The whole recipe (30 teacher and 25 student epochs) against ours, from the epochs measured: the
    quick one, and the preset `student` with its teachers and its distilled student, without and
    with the student alone, which the published recipe does not train.

Each epoch is measured on the same films several times, ours and theirs in turn, and the best time
of each counts; seconds are for a training set of `--scale-to` films.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from PIL import Image
from torch.nn import functional as F
from torchvision import transforms

from radistill.config import AugmentConfig, DistillConfig, Recipe, StudyConfig, load_config
from radistill.distill.losses import kd_loss
from radistill.distill.objective import Distillation
from radistill.distill.teacher_outputs import cache_teacher_outputs
from radistill.imaging import to_square
from radistill.models import GreyClassifier, create
from radistill.study.rundir import digest
from radistill.training.examples import Examples
from radistill.training.frozen import frozen_features
from radistill.training.loop import train_one_epoch
from radistill.training.objective import CrossEntropy
from radistill.training.state import start_training
from radistill.training.task import TrainingTask
from radistill.training.views import Views

BATCH = 32
IMAGENET = transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
RECIPE = {"teacher_epochs": 30, "student_epochs": 25}
Epochs = dict[str, Callable[[], None]]


class Pixels:
    """Squares in memory, as the cache of a run holds them."""

    def __init__(self, paths: list[Path], size: int) -> None:
        self.size = size
        self._squares = {
            str(path): to_square(np.asarray(Image.open(path).convert("L")), size) for path in paths
        }

    def batch(self, shas: list[str]) -> np.ndarray:
        return np.stack([self._squares[sha] for sha in shas])


def examples(paths: list[Path], size: int) -> Examples:
    names = tuple(str(path) for path in paths)
    targets = np.array(["PNEUMONIA" in name for name in names], dtype=np.int64)
    return Examples(Pixels(paths, size), names, targets)


def network(architecture: str, size: int, enlarge: int = 1) -> GreyClassifier:
    torch.manual_seed(0)
    return create(architecture, classes=2, weights="random", input_size=size, enlarge=enlarge)[0]


def notebook_epoch(paths: list[Path], teacher: GreyClassifier, student: GreyClassifier) -> None:
    """Decode, run the teacher, step the student: nothing is kept from epoch to epoch."""
    augment = transforms.Compose(
        [
            transforms.Resize((224, 224)),
            transforms.RandomHorizontalFlip(),
            transforms.RandomRotation(10),
            transforms.ToTensor(),
        ]
    )
    optimizer = torch.optim.SGD(student.parameters(), lr=1e-3, momentum=0.9)
    teacher.eval()
    student.train()
    for start_ in range(0, len(paths), BATCH):
        some = paths[start_ : start_ + BATCH]
        images = torch.stack([augment(Image.open(path).convert("RGB")) for path in some])[:, :1]
        targets = torch.tensor(["PNEUMONIA" in str(path) for path in some]).long()
        with torch.no_grad():
            soft = teacher(images)
        logits = student(images)
        loss = 0.7 * kd_loss(logits, soft, 10).mean() + 0.3 * F.cross_entropy(logits, targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


class Ours:
    """An epoch of radistill's loop, ready to be run again and again."""

    def __init__(
        self,
        architecture: str,
        films: Examples,
        *,
        teacher: GreyClassifier | None,
        folder: Path,
        changes: dict[str, object] | None = None,
        augmentation: AugmentConfig | None = None,
        distill: DistillConfig | None = None,
    ) -> None:
        key = digest([films.shas, films.pixels.size])  # files of an earlier run may be of others
        accelerator = Accelerator(cpu=True)
        self.task = TrainingTask("benchmark", films, films, 1, folder, key, 0, accelerator)
        self.recipe = Recipe(
            architecture=architecture,
            weights="random",
            input_size=films.pixels.size,
            batch_size=BATCH,
            epochs=1,
            **(changes or {}),
        )
        self.views = Views(1, 0, augmentation or AugmentConfig())
        self.objective: CrossEntropy | Distillation = CrossEntropy()
        if teacher is not None:
            cache = cache_teacher_outputs(
                teacher, films, self.views, folder=folder, key=key, accelerator=accelerator
            )
            self.objective = Distillation(cache, distill or DistillConfig(views=1))
        model = network(architecture, films.pixels.size, self.recipe.enlarge)
        self.cached = None
        if self.recipe.cached_views:
            frozen = self.recipe.frozen_stages
            self.cached = frozen_features(model, frozen, self.task, self.views)
        self.objective.start(films, accelerator.device)
        steps = len(films) // BATCH
        self.state = start_training(model, self.recipe, steps, self.objective, accelerator)

    def epoch(self) -> None:
        train_one_epoch(
            self.state,
            self.recipe,
            self.task,
            self.views,
            epoch=1,
            cached=self.cached,
        )


def of_preset(config: StudyConfig, network: str, films: Examples, **more: Any) -> Ours:
    """An epoch of `network` as the preset trains it."""
    recipe = config.recipe(network)
    names = ("enlarge", "ema", "weight_decay", "learning_rate")
    changes = {name: getattr(recipe, name) for name in names}
    return Ours(recipe.architecture, films, changes=changes, augmentation=config.augment, **more)


def best_seconds(epochs: dict[str, Callable[[], None]], rounds: int) -> dict[str, float]:
    """The best of `rounds` of each, in turn, so that a noisy moment hits all alike."""
    best = dict.fromkeys(epochs, float("inf"))
    for _ in range(rounds):
        for name, epoch in epochs.items():
            began = time.perf_counter()
            epoch()
            best[name] = min(best[name], time.perf_counter() - began)
            print(f"{name}: {best[name]:.1f} s", flush=True)
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("train", type=Path, help="folder with NORMAL/ and PNEUMONIA/")
    parser.add_argument("--films", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--student", default="shufflenet_v2_x0_5")
    parser.add_argument("--size", type=int, default=128, help="input size of our student")
    parser.add_argument("--teacher-size", type=int, default=160, help="input size of our teacher")
    parser.add_argument("--teacher-epochs", type=int, default=2, help="of our recipe")
    parser.add_argument("--student-epochs", type=int, default=12, help="of our recipe")
    parser.add_argument("--views", type=int, default=2, help="of our recipe")
    parser.add_argument("--scale-to", type=int, default=5216)
    parser.add_argument("--scratch", type=Path, default=Path("build/benchmark"))
    options = parser.parse_args()

    everything = sorted(options.train.rglob("*.jp*g"))
    paths = everything[:: max(1, len(everything) // options.films)][: options.films]
    preset = load_config("student")
    epochs = at_full_size(paths, options.scratch) | of_quick(paths, options)
    epochs |= of_student(paths, preset, options.scratch)
    seconds = best_seconds(epochs, options.rounds)
    full = {name: value * options.scale_to / len(paths) for name, value in seconds.items()}
    result = {
        "films": len(paths),
        "threads": torch.get_num_threads(),
        "seconds_an_epoch": {name: round(value, 1) for name, value in full.items()},
        **ratios(full, preset, options),
    }
    print(json.dumps(result, indent=2))


def at_full_size(paths: list[Path], scratch: Path) -> Epochs:
    """The notebook's epochs, and ours with its networks at its size."""
    large = examples(paths, 224)
    teacher, student = network("resnet50", 224), network("resnet18", 224)
    same = Ours("resnet18", large, teacher=teacher, folder=scratch / "224")
    whole = Ours("resnet50", large, teacher=None, folder=scratch)
    return {
        "notebook, a distillation epoch": lambda: notebook_epoch(paths, teacher, student),
        "notebook, a teacher epoch": whole.epoch,
        "ours, with the notebook's student": same.epoch,
    }


def of_quick(paths: list[Path], options: argparse.Namespace) -> Epochs:
    """Epochs of the quick recipe, whose sizes are options."""
    small, middle = examples(paths, options.size), examples(paths, options.teacher_size)
    ours = Ours(
        options.student,
        small,
        teacher=network("resnet50", options.size),
        folder=options.scratch / "small",
    )
    whole = Ours("resnet50", middle, teacher=None, folder=options.scratch)
    frozen = {"frozen_stages": 4, "batch_norm": "frozen", "cached_views": 1}
    cached = Ours(
        "resnet50", middle, teacher=None, folder=options.scratch / "frozen", changes=frozen
    )
    teacher_network = network("resnet50", options.teacher_size).eval()
    return {
        "ours, with our student": ours.epoch,
        "teacher epoch, whole network": whole.epoch,
        "teacher epoch, cached stages": cached.epoch,
        "ours, teacher over one view": lambda: one_view(teacher_network, middle, ours.views),
    }


def of_student(paths: list[Path], preset: StudyConfig, scratch: Path) -> Epochs:
    """Epochs of the preset `student`."""
    coarse = examples(paths, preset.student.input_size)
    teacher_network = network(
        preset.teacher.architecture, coarse.pixels.size, preset.teacher.enlarge
    )
    teacher = of_preset(preset, "teacher", coarse, teacher=None, folder=scratch)
    student = of_preset(
        preset,
        "student",
        coarse,
        teacher=teacher_network,
        folder=scratch / "preset",
        distill=preset.distill,
    )
    return {
        "preset student, a teacher epoch": teacher.epoch,
        "preset student, a teacher over one view": lambda: one_view(
            teacher_network, coarse, student.views
        ),
        "preset student, a distillation epoch": student.epoch,
    }


@torch.inference_mode()
def one_view(model: GreyClassifier, films: Examples, views: Views) -> None:
    """Teacher outputs for one view of every film."""
    for start_ in range(0, len(films), BATCH):
        rows = np.arange(start_, min(start_ + BATCH, len(films)))
        model(views.images(films, rows, 0))


def ratios(
    full: dict[str, float], preset: StudyConfig, options: argparse.Namespace
) -> dict[str, Any]:
    """Theirs by ours. full: seconds of each epoch, for the whole training set."""
    theirs = (
        RECIPE["teacher_epochs"] * full["notebook, a teacher epoch"]
        + RECIPE["student_epochs"] * full["notebook, a distillation epoch"]
    )
    # Ours: features for the head and the frozen stages, then epochs; views for the student.
    own = (
        (1 + options.teacher_epochs) * full["ours, teacher over one view"]
        + options.teacher_epochs * full["teacher epoch, cached stages"]
        + options.views * full["ours, teacher over one view"]
        + 2 * options.student_epochs * full["ours, with our student"]
    )
    ensemble, views = len(preset.teachers()), preset.distill.views
    student = preset.student.epochs * full["preset student, a distillation epoch"]
    shipped = (
        ensemble * preset.teacher.epochs * full["preset student, a teacher epoch"]
        + ensemble * views * full["preset student, a teacher over one view"]
        + student
    )
    notebook = full["notebook, a distillation epoch"]
    return {
        "a_same_student": round(notebook / full["ours, with the notebook's student"], 1),
        "a_our_student": round(notebook / full["ours, with our student"], 1),
        "b": round(full["teacher epoch, whole network"] / full["teacher epoch, cached stages"], 1),
        "c_hours": [round(hours / 3600, 2) for hours in (theirs, own, shipped, shipped + student)],
        "c_quick": round(theirs / own, 1),
        "c_preset_student": round(theirs / shipped, 1),
        "c_preset_student_with_alone": round(theirs / (shipped + student), 1),
    }


if __name__ == "__main__":
    main()
