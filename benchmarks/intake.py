"""What decoding in processes costs against decoding in the program itself.

    python benchmarks/intake.py --films FOLDER [--workers 1 2] [--rounds 7]

Named alternative: `read_content`, sha256 and `read_picture` on as many threads. Both take turns,
film for film the same work; the ratio is of the medians. Without --films, phantoms are drawn.
"""

from __future__ import annotations

import argparse
import hashlib
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from radistill.imaging import Limits, read_content, read_picture, to_eight_bits
from radistill.imaging.sandbox.intake import Intake, Refused

LIMITS = Limits()


def in_process(path: Path) -> None:
    content = read_content(path, LIMITS)
    hashlib.sha256(content).hexdigest()
    to_eight_bits(read_picture(content, LIMITS).grey)


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def drain(results: Iterable[object]) -> None:
    for result in results:
        assert not isinstance(result, Refused), result


def compare(films: list[Path], workers: int, rounds: int) -> None:
    plain, confined = [], []
    with Intake(workers=workers, limits=LIMITS) as intake, ThreadPoolExecutor(workers) as threads:
        drain(intake.decode(films[:8]))
        for _ in range(rounds):
            plain.append(seconds(lambda: drain(threads.map(in_process, films))))
            confined.append(seconds(lambda: drain(intake.decode(films))))
    before, after = (len(films) / statistics.median(times) for times in (plain, confined))
    ratios = sorted(a / b for a, b in zip(plain, confined, strict=True))
    print(
        f"| {workers} | {len(films)} | {before:.1f} | {after:.1f} | {after / before:.2f} "
        f"| {ratios[0]:.2f} to {ratios[-1]:.2f} |"
    )


def phantoms(folder: Path) -> Path:
    from radistill.phantoms import generate

    generate(folder / "films", 24, seed=0, size=512)
    return folder / "films"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--films", type=Path)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--most", type=int, default=200, help="films a round")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.films or phantoms(Path(scratch))
        films = sorted(
            path for path in folder.rglob("*") if path.is_file() and path.suffix != ".json"
        )
        films = films[: arguments.most]
        print("| workers | films | in process, films/s | confined, films/s | ratio | per round |")
        print("|---|---|---|---|---|---|")
        for workers in arguments.workers:
            compare(films, workers, arguments.rounds)


if __name__ == "__main__":
    main()
