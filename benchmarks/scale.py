"""What thousands to a hundred thousand films cost: memory, time a film, resuming.

    python benchmarks/scale.py [--films 5000 20000 112120] [--plot docs/scale.svg]
    python benchmarks/scale.py --whole --films 5840

For each number it writes so many small films (64 pixels, patients of four films, each its own
picture) and starts, each in a process of its own:

inspect   `radistill data inspect`
train     reading, splitting and caching, and one epoch of a student of 48 pixels; then killed
resume    the same again, to where the training goes on, and stopped there

--whole: instead of the last two `radistill run` with networks of 48 pixels, to its end, and the
same again. Before that and before `resume` the films are overwritten with zeros of the same size
and time, so that none can be decoded. Peak memory is that of the process (ru_maxrss), pages of the
memory-mapped cache among it. Processor time is user and system: a busy machine disturbs it least.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

SIDE = 64  # pixels
PATIENT = 4  # films
SHARD = 1000  # films that one process writes
NETWORK = "{architecture: shufflenet_v2_x0_5, weights: random, input_size: 48, epochs: %d}"
SETTINGS = (
    f"teacher={NETWORK % 1}",
    f"student={NETWORK % 2}",
    "baseline={input_size: 48, epochs: 1}",
    "distill.views=2",
    "evaluation.bootstrap=200",
    "data.protocol=patient",
    r"data.patient_regex=p(?P<patient>\d+)-",
)
# The study as far as the student that learns alone.
STUDENT = """
import sys
from pathlib import Path
from accelerate import Accelerator
from radistill.config import load_config
from radistill.data import load_dataset
from radistill.data.targets import targets_of
from radistill.study.distil import fit_student
from radistill.study.fit import Study
from radistill.study.rundir import RunDirectory
data, out, *settings = sys.argv[1:]
config, run = load_config("demo", None, settings), RunDirectory(Path(out))
with run.open(config, update=False):
    cache = run.folder / "cache"
    dataset = load_dataset(Path(data), config.data, 0, cache=cache, sizes=[48])
    run.record(config, dataset.films, update=False)
    study = Study(run, config, dataset, targets_of(dataset, "label"), Accelerator(cpu=True))
    fit_student(study, "student-alone", [], config.distill)
"""
EPOCH, RESUMED = "student-alone epoch 1/2", "student-alone: resumed"  # how lines begin


@dataclass(frozen=True)
class Spent:
    """By one command. seconds: of the wall clock."""

    seconds: float
    processor: float
    peak_bytes: int


def write_films(folder: Path, count: int) -> None:
    """Write `count` films as `folder`/CLASS/pPATIENT-NUMBER.jpeg."""
    for label in ("NORMAL", "PNEUMONIA"):
        (folder / label).mkdir(parents=True)
    with ProcessPoolExecutor() as pool:
        starts = range(0, count, SHARD)
        list(pool.map(_write_shard, [folder] * len(starts), starts, [count] * len(starts)))


def _write_shard(folder: Path, start: int, count: int) -> None:
    """Dark lungs on a bright ground under a random texture; some with a bright patch."""
    random = np.random.default_rng(start)
    y, x = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j]
    chest = 170 - 110 * np.exp(-(((np.abs(x) - 0.45) / 0.3) ** 2) - (y / 0.7) ** 2)
    for number in range(start, min(start + SHARD, count)):
        texture = Image.fromarray(random.normal(0, 14, (16, 16)).astype(np.float32))
        grey = chest + np.asarray(texture.resize((SIDE, SIDE), Image.Resampling.BICUBIC))
        label, height = "NORMAL", random.uniform(0, 0.5)
        if number // PATIENT % 3 == 0:
            label = "PNEUMONIA"
            grey += 45 * np.exp(-(((x - 0.4) / 0.2) ** 2) - ((y - height) / 0.2) ** 2)
        film = Image.fromarray(grey.clip(0, 255).astype(np.uint8))
        film.save(folder / label / f"p{number // PATIENT:06d}-{number % PATIENT}.jpeg", quality=90)


def blank(folder: Path) -> None:
    """Overwrite every film with zeros, keeping its size and time."""
    for file in folder.rglob("*.jpeg"):
        status = file.stat()
        file.write_bytes(bytes(status.st_size))
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


def spent_by(*arguments: str, until: str | None = None, file: Path | None = None) -> Spent:
    """What Python with these arguments takes, to its end or to a line that begins so.

    file: what the process writes after that line, and may finish.
    """
    began = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    assert child.stderr is not None
    lines = []
    for line in child.stderr:
        lines.append(line)
        print(f"  {time.perf_counter() - began:7.1f} s  {line}", end="", file=sys.stderr)
        if until is not None and line.startswith(until):
            while file is not None and not file.exists():
                time.sleep(0.01)
            child.kill()
            break
    seconds = time.perf_counter() - began
    _, status, usage = os.wait4(child.pid, 0)
    if status and not (until and lines[-1].startswith(until)):
        raise SystemExit(f"{' '.join(arguments)}: failed\n{''.join(lines[-20:])}")
    return Spent(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def measure(data: Path, run: Path, *, whole: bool) -> dict[str, Spent]:
    """By command."""
    options = [part for setting in SETTINGS for part in ("--set", setting)]
    split = options[-4:]
    spent = {"inspect": spent_by("-m", "radistill", "data", "inspect", str(data), *split)}
    if whole:
        study = ["-m", "radistill", "run", "--data", str(data), "--out", str(run)]
        study += ["--preset", "demo", *options]
        spent["run"] = spent_by(*study)
        blank(data)
        return spent | {"repeat": spent_by(*study)}
    student = ["-c", STUDENT, str(data), str(run), *SETTINGS]
    checkpoint = run / ".student-alone.partial" / "checkpoint.pt"
    spent["train"] = spent_by(*student, until=EPOCH, file=checkpoint)
    blank(data)
    return spent | {"resume": spent_by(*student, until=RESUMED)}


def imports() -> float:
    """Seconds to import what a study needs, without doing anything."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import radistill.study.run"], check=True)
    return time.perf_counter() - began


def table(measured: dict[int, dict[str, Spent]]) -> str:
    lines = ["| films | command | s | processor s | ms a film | peak MB |"]
    lines.append("| ---: | --- | ---: | ---: | ---: | ---: |")
    for count, commands in measured.items():
        for name, one in commands.items():
            lines.append(
                f"| {count:,} | {name} | {one.seconds:.1f} | {one.processor:.1f} "
                f"| {1000 * one.processor / count:.2f} | {one.peak_bytes / 1e6:,.0f} |"
            )
    return "\n".join(lines)


def plot(measured: dict[int, dict[str, Spent]], file: Path) -> None:
    """Processor time a film and peak memory over the number of films."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3), layout="constrained")
    left, right = figure.subplots(1, 2)
    for name in next(iter(measured.values())):
        spent = {count: commands[name] for count, commands in measured.items()}
        left.plot(list(spent), [1000 * one.processor / n for n, one in spent.items()], "o-")
        right.plot(list(spent), [one.peak_bytes / 1e9 for one in spent.values()], "o-", label=name)
    left.set(xscale="log", yscale="log", xlabel="films", ylabel="processor ms a film")
    right.set(xscale="log", xlabel="films", ylabel="peak memory, GB", ylim=(0, None))
    right.legend(frameon=False)
    figure.savefig(file, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--films", type=int, nargs="+", default=[5000, 20000, 112120])
    parser.add_argument("--whole", action="store_true")
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    measured = {}
    with tempfile.TemporaryDirectory() as place:
        for count in options.films:
            data, run = Path(place) / f"films-{count}", Path(place) / f"run-{count}"
            write_films(data, count)
            measured[count] = measure(data, run, whole=options.whole)
            print(f"{count:,}: {measured[count]}", file=sys.stderr)
    print(table(measured))
    print(f"\nImporting what a study needs takes {imports():.1f} s of these.")
    if options.plot:
        plot(measured, options.plot)


if __name__ == "__main__":
    main()
