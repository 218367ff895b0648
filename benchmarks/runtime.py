"""Speed and memory of a deployed bundle, as ratios against named alternatives.

    python benchmarks/runtime.py [BUNDLE] --films FOLDER [--teacher RUN/teacher] [--rounds 7]

Four figures. Rivals take turns, so that both meet the same load; on a machine that does other work
too, the CPU seconds (of all processes, user and system) say more than the clock:
(a) one film, cold: `radistill predict` against a plain script with torchvision's ResNet-50;
(b) one film, warm, one thread, both in ONNX Runtime: the bundle against the teacher, by default a
    ResNet-50 with random weights;
(c) a folder on all cores: reading, decoding, graph and judgement against the graph alone on squares
    in memory; the start of the decoding processes and the model's loading are no part of it;
(d) peak memory of `radistill predict` on a tenth of the films and on all: PSS (shared pages counted
    once) summed over its processes, sampled; and the peaks of their RSS (VmHWM) added up, which
    counts shared pages in every process and so is never too low.

Without BUNDLE the one that is installed is taken. Linux only, for the CPU seconds and (d).
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from radistill.runtime.find_bundle import find_bundle

TEACHER = ("resnet50", 160)  # the size at which the presets train it
PLAIN = """
import sys, torch, torchvision
from PIL import Image
from torchvision import transforms as T
model = torchvision.models.resnet50(weights=None, num_classes=2)
model.load_state_dict(torch.load(sys.argv[2], weights_only=True))
model.eval()
steps = T.Compose([T.Resize((224, 224)), T.ToTensor(), T.Normalize([0.485] * 3, [0.229] * 3)])
with torch.inference_mode():
    film = steps(Image.open(sys.argv[1]).convert("RGB")).unsqueeze(0)
    print(torch.softmax(model(film), 1)[0, 1].item())
"""


class Cost(NamedTuple):
    wall: float
    cpu: float


def children(pid: int | str = "self") -> list[int]:
    """Processes started by `pid`, and by those."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found += [child, *children(child)]
    return found


def cpu_seconds() -> float:
    """Of this process and of all that it started, those that have ended too."""
    total = 0.0
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        usage = resource.getrusage(who)
        total += usage.ru_utime + usage.ru_stime
    for child in children():
        fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
        total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


def cost(work: Callable[[], object]) -> Cost:
    wall, cpu = time.perf_counter(), cpu_seconds()
    work()
    return Cost(time.perf_counter() - wall, cpu_seconds() - cpu)


def in_turn(one: Callable[[], object], two: Callable[[], object], rounds: int) -> list[list[Cost]]:
    """Costs of both, taken alternately after one round that is not counted."""
    pairs = [(cost(one), cost(two)) for _ in range(rounds + 1)][1:]
    return [list(costs) for costs in zip(*pairs, strict=True)]


def row(name: str, alternative: list[Cost], ours: list[Cost], target: str, unit: float) -> str:
    cells = []
    for slow, fast in zip(zip(*alternative, strict=True), zip(*ours, strict=True), strict=True):
        ratios = sorted(a / max(b, 1e-9) for a, b in zip(slow, fast, strict=True))
        cells += [f"{unit * statistics.median(times):.3g}" for times in (slow, fast)]
        cells.append(f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})")
    return f"| {name} | {' | '.join(cells)} | {target} |"


def command(bundle: Path, *arguments: object) -> list[str]:
    return [
        sys.executable,
        "-m",
        "radistill",
        "predict",
        "--bundle",
        str(bundle),
        *map(str, arguments),
    ]


def quiet(arguments: list[str]) -> None:
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def cold(bundle: Path, film: Path, scratch: Path, rounds: int) -> str:
    import torch
    import torchvision

    script, weights = scratch / "plain.py", scratch / "resnet50.pt"
    script.write_text(PLAIN)
    torch.save(torchvision.models.resnet50(weights=None, num_classes=2).state_dict(), weights)
    plain = [sys.executable, str(script), str(film), str(weights)]
    costs = in_turn(lambda: quiet(plain), lambda: quiet(command(bundle, film)), rounds)
    return row("(a) one film, cold, s", *costs, "at least 10", 1)


def warm(bundle: Path, teacher: Path | None, rounds: int) -> str:
    from radistill.export.onnx import export_onnx
    from radistill.models import create, load_model
    from radistill.runtime import Bundle
    from radistill.runtime.session import open_session, run_batches

    if teacher is None:
        name, side = TEACHER
        model, _ = create(name, classes=2, weights="random", input_size=side)
    else:
        model = load_model(teacher)
    film = np.random.default_rng(0).integers(0, 256, (1, *[model.input_size] * 2), np.uint8)
    large = open_session(export_onnx(model, positive=1, sample=film).bytes)
    small = Bundle.load(bundle, threads=1)
    square = np.zeros((1, *[small.card.input_size] * 2), np.uint8)
    costs = in_turn(
        lambda: [run_batches(large, film) for _ in range(20)],
        lambda: [small.run(square) for _ in range(20)],
        rounds,
    )
    return row(f"(b) one film, warm, {model.input_size} pixels, ms", *costs, "at least 20", 50)


def folder(bundle: Path, films: list[Path], rounds: int) -> str:
    from radistill.imaging import decode, to_square
    from radistill.imaging.sandbox.intake import Intake
    from radistill.progress import cores
    from radistill.runtime import Predictor
    from radistill.runtime.decision import resolve
    from radistill.runtime.prediction_options import PredictionOptions

    predictor = Predictor.load(bundle)
    side = predictor.card.input_size
    squares = np.stack([to_square(decode(path), side) for path in films])
    settings = resolve(predictor.card, PredictionOptions())
    with Intake(workers=cores()) as intake:
        costs = in_turn(
            lambda: predictor.bundle.run(squares),
            lambda: list(predictor.run(films, settings, intake)),
            rounds,
        )
    unit = 1000 / len(films)
    pillow = unit * min(cost(lambda: [bare(path, side) for path in films]).cpu for _ in range(3))
    graph = unit * statistics.median(one.cpu for one in costs[0])
    return (
        f"{row('(c) folder, ms a film', *costs, 'at least 0.7', unit)}\n\n"
        f"Pillow alone, one thread, open, decode and resize: {pillow:.3g} ms of CPU a film; so the "
        f"ratio of CPU could be {graph / (graph + pillow):.2f} if nothing else took time"
    )


def bare(path: Path, side: int) -> None:
    """The least that turns a film into a square."""
    with Image.open(path) as image:
        image.draft("L", None)
        image.convert("L").resize((side, side), Image.Resampling.BILINEAR)


def memory(bundle: Path, films: list[Path]) -> str:
    words = []
    for count in (max(1, len(films) // 10), len(films)):
        process = subprocess.Popen(
            command(bundle, "-"),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdin is not None
        process.stdin.write("".join(f"{path}\n" for path in films[:count]))
        process.stdin.close()
        shared, peaks = 0, dict[int, int]()
        while process.poll() is None:
            now = [process.pid, *children(process.pid)]
            shared = max(shared, sum(kilobytes(pid, "smaps_rollup", "Pss:") for pid in now))
            peaks |= {
                pid: max(kilobytes(pid, "status", "VmHWM:"), peaks.get(pid, 0)) for pid in now
            }
            time.sleep(0.02)
        assert process.returncode == 0
        words.append(
            f"{shared / 1024:.0f} ({sum(peaks.values()) / 1024:.0f}) MB with {count} films"
        )
    return (
        f"(d) peak memory of all processes, PSS (sum of RSS peaks): {', '.join(words)}; below 300"
    )


def kilobytes(pid: int, file: str, key: str) -> int:
    try:
        lines = Path(f"/proc/{pid}/{file}").read_text().splitlines()
    except OSError:  # it has ended
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(key)), 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundle", type=Path, nargs="?", help="a bundle or a finished run")
    parser.add_argument("--films", type=Path, required=True)
    parser.add_argument("--teacher", type=Path, help="RUN/teacher")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--most", type=int, default=1000, help="films of the folder")
    parser.add_argument("--only", default="abcd", help="which of the figures")
    options = parser.parse_args()
    bundle = find_bundle(options.bundle)
    films = sorted(path for path in options.films.rglob("*") if path.is_file())[: options.most]
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {len(films)} films")
    print(
        "| | alternative | radistill | ratio (least to most) | CPU, alternative | CPU, radistill "
        "| CPU, ratio | aimed at |\n|---|---|---|---|---|---|---|---|"
    )
    with tempfile.TemporaryDirectory() as scratch:
        if "a" in options.only:
            print(cold(bundle, films[0], Path(scratch), options.rounds), flush=True)
        if "b" in options.only:
            print(warm(bundle, options.teacher, options.rounds), flush=True)
    if "c" in options.only:
        print(folder(bundle, films, options.rounds), flush=True)
    if "d" in options.only:
        print(memory(bundle, films))


if __name__ == "__main__":
    main()
