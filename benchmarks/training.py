"""How fast networks train, against the same network on tensors in memory, and a study's stages.

    python benchmarks/training.py [--presets student kaggle] [--models student] [--seconds 20]
    python benchmarks/training.py --study student --data FOLDER [--set mixed_precision=bf16]

The first trains each network of the presets on random films by the loop of a study, validation and
drawing of views included, and takes plain steps of the same network on one batch that lies where
the network is: the limit. "Busy" is the mean of the utilisation that nvidia-smi reports every 0.2 s
(the share of the time in which any kernel ran), on a CPU the process's share of all cores. Then it
draws views of the same films in batches, where the network is, and one by one as before. On a CPU
seconds are of processor time, which a busy machine disturbs least.

The second starts `radistill run` and tells how long each stage took by what it prints.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).parent))
import views_one_by_one

from radistill.config import AugmentConfig, Recipe, StudyConfig, load_config
from radistill.data.cache import PixelCache
from radistill.files import sha256
from radistill.progress import cores
from radistill.study.fit import create_network
from radistill.training.examples import Examples
from radistill.training.loop import train
from radistill.training.optimiser import make_optimizer
from radistill.training.task import TrainingTask
from radistill.training.views import Views

VAL = 0.15  # films of validation for one of training
NETWORKS = ("baseline", "teacher", "student")


def random_films(count: int, side: int, seed: int) -> Examples:
    """Squares of coarse texture, two classes."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (count, 8, 8), dtype=np.uint8)
    squares = np.repeat(np.repeat(coarse, -(-side // 8), 1), -(-side // 8), 2)[:, :side, :side]
    shas = tuple(sha256(f"{seed} {row}".encode()) for row in range(count))
    targets = random.integers(0, 2, count)
    return Examples(PixelCache(np.ascontiguousarray(squares), shas), shas, targets)


class Busy:
    """Mean utilisation of the device while the block runs, 0 to 1; None where it is not known."""

    def __init__(self, device: torch.device) -> None:
        self.cuda, self.mean = device.type == "cuda", None

    def __enter__(self) -> Busy:
        self.began, self.spent = time.perf_counter(), time.process_time()
        self.samples: list[float] = []
        if self.cuda:
            command = ["nvidia-smi", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits"]
            self.process = subprocess.Popen([*command, "-lms", "200"], stdout=subprocess.PIPE)
            self.reader = threading.Thread(target=self._read)
            self.reader.start()
        return self

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self.samples.append(float(line) / 100)

    def __exit__(self, *_: object) -> None:
        wall = time.perf_counter() - self.began
        if self.cuda:
            self.process.terminate()
            self.reader.join()
            self.mean = float(np.mean(self.samples)) if self.samples else None
        else:
            self.mean = (time.process_time() - self.spent) / wall / cores()


def by_the_loop(
    recipe: Recipe, config: StudyConfig, accelerator: Accelerator, films: int, seconds: float
) -> tuple[float, float | None]:
    """Films a second of whole epochs after the first, and the share of the device in use."""
    train_films = random_films(films, recipe.input_size, 0)
    val = random_films(int(VAL * films), recipe.input_size, 1)

    def epochs(count: int) -> list[float]:
        """Seconds of each."""
        network, _ = create_network(recipe, 2)
        short = {"epochs": count, "patience": 0, "warmup_epochs": 0, "head_epochs": 0}
        with tempfile.TemporaryDirectory() as folder:
            task = TrainingTask(
                "", train_films, val, 1, Path(folder), "", config.seed, accelerator=accelerator
            )
            views = Views(count, config.seed, config.augment)
            return [
                row.seconds for row in train(network, recipe.model_copy(update=short), task, views)
            ]

    once = epochs(2)[1]
    count = 1 + max(1, min(50, round(seconds / once)))
    began = time.process_time()
    with Busy(accelerator.device) as busy:
        taken = epochs(count)
    if accelerator.device.type == "cpu":
        return films * count / (time.process_time() - began), busy.mean
    return films / float(np.median(taken[1:])), busy.mean


def in_memory(recipe: Recipe, accelerator: Accelerator, films: int, seconds: float) -> float:
    """Films a second of plain steps on one batch."""
    device, batch = accelerator.device, min(recipe.batch_size, films)
    clock = clock_of(device)
    network, _ = create_network(recipe, 2)
    network.to(device, memory_format=torch.channels_last).train()
    group = {"params": list(network.parameters()), "lr": 1e-4, "weight_decay": 0.0}
    optimizer = make_optimizer([group], recipe)
    side = recipe.input_size
    images = torch.rand(batch, 1, side, side, device=device).to(memory_format=torch.channels_last)
    targets = torch.randint(0, 2, (batch,), device=device)

    def step() -> None:
        with accelerator.autocast():
            loss = F.cross_entropy(network(images).float(), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    def wait() -> None:
        if device.type == "cuda":
            torch.cuda.synchronize()

    for _ in range(5):
        step()
    wait()
    steps, began = 0, clock()
    while clock() - began < seconds / 4:
        for _ in range(5):
            step()
        steps += 5
        wait()
    return steps * batch / (clock() - began)


def clock_of(device: torch.device) -> Callable[[], float]:
    return time.process_time if device.type == "cpu" else time.perf_counter


def views(augmentation: AugmentConfig, side: int, device: torch.device) -> tuple[float, float]:
    """Films a second: drawn in batches on `device`, and one by one on the CPU."""
    films = random_films(512, side, 2)
    rows, drawn = np.arange(len(films)), Views(4, 0, augmentation)
    clock = clock_of(device)

    def batches(view: int) -> None:
        drawn.squares(films, rows, view, device).cpu()

    def one_by_one(view: int) -> None:
        keys = views_one_by_one.view_keys(films.shas, view, 0)
        for start in range(0, len(rows), 64):
            some = slice(start, start + 64)
            squares = films.pixels.batch(films.shas[some])
            views_one_by_one.augment(squares, keys[some], augmentation)

    rates = []
    for draw in (batches, one_by_one):
        draw(0)
        began = clock()
        for view in range(1, 4):
            draw(view)
        rates.append(3 * len(films) / (clock() - began))
    return rates[0], rates[1]


def rates(options: argparse.Namespace) -> None:
    cpu = not torch.accelerator.is_available()
    print("| preset | model | batch | films/s | in memory | share | device busy |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: |")
    drawn = []
    for preset in options.presets:
        config = load_config(preset, None, options.set or [], 0)
        accelerator = Accelerator(cpu=cpu, mixed_precision=config.mixed_precision)
        sides = set()
        for model in options.models:
            recipe = config.recipe(model)
            sides.add(recipe.input_size)
            if not recipe.epochs:
                continue
            limit = in_memory(recipe, accelerator, options.films, options.seconds)
            loop, busy = by_the_loop(recipe, config, accelerator, options.films, options.seconds)
            network = f"{model}: {recipe.architecture} at {recipe.input_size}"
            cells = [preset, network, str(recipe.batch_size), f"{loop:.0f}", f"{limit:.0f}"]
            cells += [f"{loop / limit:.2f}", "" if busy is None else f"{busy:.0%}"]
            print(f"| {' | '.join(cells)} |", flush=True)
        for side in sorted(sides):
            drawn.append((preset, side, *views(config.augment, side, accelerator.device)))
    print("\n| views of preset | pixels | in batches, films/s | one by one | ratio |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for preset, side, new, old in drawn:
        print(f"| {preset} | {side} | {new:.0f} | {old:.0f} | {new / old:.1f} |")


def study(options: argparse.Namespace) -> None:
    """Stages begin at the line `MODEL: ...`; the last ends with the last epoch."""
    with tempfile.TemporaryDirectory() as folder:
        settings = [part for setting in options.set or [] for part in ("--set", setting)]
        command = [sys.executable, "-m", "radistill", "run", "--data", str(options.data)]
        command += ["--out", f"{folder}/run", "--preset", options.study, *settings]
        began = time.perf_counter()
        child = subprocess.Popen(
            command, stderr=subprocess.PIPE, text=True, env={**os.environ, "COLUMNS": "1000"}
        )
        marks = [("before the first line", 0.0)]
        assert child.stderr is not None
        for line in child.stderr:
            now = time.perf_counter() - began
            print(f"{now:7.1f} s  {line}", end="", file=sys.stderr)
            name, _, rest = line.partition(": ")
            if len(marks) == 1:
                marks.append(("before the first model", now))
            elif rest and " " not in name and name != "note":
                marks.append((name, now))
            elif " epoch " in name:
                last = now
        if child.wait():
            raise SystemExit(f"{' '.join(command)}: failed")
        whole = time.perf_counter() - began
    marks.append(("after the last epoch", last))
    print("| stage | s |\n| --- | ---: |")
    for (name, start), (_, end) in zip(marks, [*marks[1:], ("", whole)], strict=True):
        print(f"| {name} | {end - start:.1f} |")
    print(f"| whole study | {whole:.1f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--presets", nargs="+", default=["student", "kaggle"])
    parser.add_argument("--models", nargs="+", default=list(NETWORKS), choices=NETWORKS)
    parser.add_argument("--seconds", type=float, default=20, help="of training a model")
    parser.add_argument("--films", type=int, default=4433)
    parser.add_argument("--study", help="a preset: run a whole study instead")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--set", action="append")
    options = parser.parse_args()
    if options.study:
        study(options)
    else:
        rates(options)


if __name__ == "__main__":
    main()
