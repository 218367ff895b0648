"""Speed and memory of a deployed bundle, as ratios against named alternatives.

    python benchmarks/runtime.py RUN --films FOLDER [--rounds 7]

Four figures, each alternative measured in turn with its rival so that both meet the same load:
(a) one film, cold: `radistill predict` against a plain script with torchvision's ResNet-50;
(b) one film, warm, one thread, both in ONNX Runtime: the bundle against the run's teacher;
(c) a folder, all cores, decoding included, against the graph alone on films in memory;
(d) peak memory of `radistill predict` on few and on many films.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

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


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def in_turn(one: Callable[[], object], two: Callable[[], object], rounds: int) -> list[list[float]]:
    """Times of both, taken alternately after one round that is not counted."""
    pairs = [(seconds(one), seconds(two)) for _ in range(rounds + 1)][1:]
    return [list(times) for times in zip(*pairs, strict=True)]


def row(name: str, alternative: list[float], ours: list[float], target: str, unit: float) -> str:
    ratios = sorted(a / b for a, b in zip(alternative, ours, strict=True))
    slow, fast = (unit * statistics.median(times) for times in (alternative, ours))
    middle = statistics.median(ratios)
    spread = f"{ratios[0]:.2f} to {ratios[-1]:.2f}"
    return f"| {name} | {slow:.2f} | {fast:.2f} | {middle:.2f} ({spread}) | {target} |"


def command(run: Path, *arguments: object) -> list[str]:
    return [sys.executable, "-m", "radistill", "predict", "--bundle", str(run / "bundle"),
            *map(str, arguments)]  # fmt: skip


def quiet(arguments: list[str]) -> None:
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def cold(run: Path, film: Path, scratch: Path, rounds: int) -> str:
    import torch
    import torchvision

    script, weights = scratch / "plain.py", scratch / "resnet50.pt"
    script.write_text(PLAIN)
    torch.save(torchvision.models.resnet50(weights=None, num_classes=2).state_dict(), weights)
    plain = [sys.executable, str(script), str(film), str(weights)]
    times = in_turn(lambda: quiet(plain), lambda: quiet(command(run, film)), rounds)
    return row("(a) one film, cold, s", *times, "at least 10", 1)


def warm(run: Path, scratch: Path, rounds: int) -> str:
    from radistill.deploy.export import export_onnx
    from radistill.models import load_model
    from radistill.runtime import Bundle
    from radistill.runtime.session import open_session, run_batches

    teacher = load_model(run / "teacher")
    film = np.random.default_rng(0).integers(0, 256, (1, *[teacher.input_size] * 2), np.uint8)
    export_onnx(teacher, scratch / "teacher.onnx", positive=1, sample=film)
    large = open_session((scratch / "teacher.onnx").read_bytes(), threads=1)
    bundle = Bundle.load(run / "bundle", threads=1)
    square = film[:, : bundle.card.input_size, : bundle.card.input_size]
    times = in_turn(
        lambda: [run_batches(large, film) for _ in range(10)],
        lambda: [bundle.run(square) for _ in range(10)],
        rounds,
    )
    return row("(b) one film, warm, one thread, ms", *times, "at least 20", 100)


def folder(run: Path, films: list[Path], rounds: int) -> str:
    from radistill.imaging import decode, to_square
    from radistill.runtime import Predictor

    predictor = Predictor.load(run / "bundle")
    side = predictor.card.input_size
    squares = np.stack([to_square(decode(path), side) for path in films])
    times = in_turn(
        lambda: predictor.bundle.run(squares), lambda: list(predictor.predict(films)), rounds
    )
    return row("(c) folder, ms a film", *times, "at least 0.7", 1000 / len(films))


def memory(run: Path, films: list[Path]) -> str:
    peaks = []
    for count in (len(films) // 10, len(films)):
        code = (
            "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, "
            "stdin=sys.stdin, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL); "
            "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, *command(run, "-")],
            input="".join(f"{path}\n" for path in films[:count]),
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        peaks.append((count, int(done.stdout) / 1024))
    words = ", ".join(f"{peak:.0f} MB with {count} films" for count, peak in peaks)
    return f"(d) peak memory of the largest process: {words} (target: under 300 MB)"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, help="a finished run")
    parser.add_argument("--films", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--most", type=int, default=300, help="films of the folder")
    options = parser.parse_args()
    films = sorted(path for path in options.films.rglob("*") if path.is_file())[: options.most]
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {len(films)} films")
    print("| | alternative | radistill | ratio (least to most) | target |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as scratch:
        print(cold(options.run, films[0], Path(scratch), options.rounds), flush=True)
        print(warm(options.run, Path(scratch), options.rounds), flush=True)
    print(folder(options.run, films, options.rounds), flush=True)
    print(memory(options.run, films))


if __name__ == "__main__":
    main()
