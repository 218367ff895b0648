"""An archive on Ray Data: speed, memory of the driver, and whether every film gets one row.

    python benchmarks/archive.py speed [--films 10000] [--rounds 3]
    python benchmarks/archive.py memory [--rows 10000 100000 1000000] [--bundle BUNDLE]
    python benchmarks/archive.py kills [--films 50000] [--workers 10] [--drivers 3] [--seed 0]
    python benchmarks/archive.py node [--films 20000]
    python benchmarks/archive.py estimate

speed: time of a film with `radistill score`, two workers and one, with `radistill predict`, and of
the graph alone on squares in memory. Start-up is apart: a run over a tenth of the films, with a
part for each worker so that all of them start, is taken off. Rivals take turns: on a machine that
does other work too, compare within a round, or CPU time.
memory: the driver's peak (VmHWM) and the time a second run takes to find out that all is done.
kills: SIGKILL for random workers and for the whole job, which is then started again; then counts.
node: a cluster of two nodes on this machine, and SIGKILL for the raylet of one; then counts.
estimate: CPU time of films of three kinds, read, hashed, decoded and judged; needs dcmtk.

Films are made here: JPEGs of 224 pixels, for the last three of 64, as hard links to 50 phantoms.
The installed bundle scores, or --bundle. Linux only.
"""

from __future__ import annotations

import argparse
import io
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import lossless_jpeg
import numpy as np
import pyarrow.dataset
from PIL import Image

from radistill.archive.block_scorer import TRYING
from radistill.archive.film_rows import LIMITS
from radistill.imaging.sandbox.one_file import decode_here
from radistill.phantoms import generate
from radistill.runtime import Predictor
from radistill.runtime.decision import resolve
from radistill.runtime.prediction_options import PredictionOptions

FOLDER_FILMS = 1000


def make_films(scratch: Path, count: int, side: int) -> Path:
    """A folder of `count` JPEGs in folders of a thousand."""
    generate(scratch / "phantoms", 50, 0, size=256)
    drawn = sorted((scratch / "phantoms").glob("t*/*/*.jpeg"))
    for number, path in enumerate(drawn):
        small = Image.open(path).convert("L").resize((side, side), Image.Resampling.BILINEAR)
        small.save(scratch / f"{number}.jpg", quality=90)
    for number in range(count):
        folder = scratch / "films" / f"{number // FOLDER_FILMS:05}"
        if number % FOLDER_FILMS == 0:
            folder.mkdir(parents=True)
        os.link(scratch / f"{number % len(drawn)}.jpg", folder / f"{number:08}.jpg")
    return scratch / "films"


def command(name: str, source: Path, *options: object) -> list[str]:
    return [sys.executable, "-m", "radistill", name, str(source), *map(str, options)]


def cost(arguments: list[str]) -> tuple[float, float]:
    """Seconds by the clock, and of CPU by the command and all that it starts, sampled."""
    start = time.perf_counter()
    used: dict[int, float] = {}
    with tempfile.TemporaryFile("w+") as said:
        job = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=said)
        while job.poll() is None:
            for pid in [job.pid, *below(job.pid)]:
                used[pid] = max(used.get(pid, 0.0), cpu_seconds(pid))
            time.sleep(0.1)
        if job.returncode:
            said.seek(0)
            sys.exit(said.read())
    return time.perf_counter() - start, sum(used.values())


def cpu_seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def speed(scratch: Path, films: int, rounds: int, bundle: list[str]) -> None:
    few, many = scratch / "few", scratch / "many"
    few.mkdir()
    many.mkdir()
    folders = {films // 10: make_films(few, films // 10, 224), films: make_films(many, films, 224)}
    predictor = Predictor.load(bundle[-1] if bundle else None, threads=1)
    side = predictor.card.input_size
    squares = np.random.default_rng(0).integers(0, 256, (2000, side, side), np.uint8)
    rivals = {
        "predict, two decoders": ["predict", "--workers", "2", "--format", "jsonl"],
        "score, two workers": ["score", "--workers", "2"],
        "score, one worker": ["score", "--workers", "1"],
    }
    each: dict[str, list[tuple[float, float]]] = {name: [] for name in [*rivals, "graph alone"]}
    for number in range(rounds):
        for name, (what, *options) in rivals.items():
            costs = []
            for count, folder in folders.items():
                parts = ["--part-films", min(1000, count // 2)] if what == "score" else []
                out = folder / f"../{name}{number}"
                costs.append(cost(command(what, folder, *options, *parts, "--out", out, *bundle)))
            more = films - films // 10
            wall, cpu = (1000 * (all_ - tenth) / more for tenth, all_ in zip(*costs, strict=True))
            each[name].append((wall, cpu))
            print(
                f"round {number + 1}, {name}: {costs[0][0]:.1f} s for {films // 10:,} films, "
                f"{costs[1][0]:.1f} s for {films:,}",
                flush=True,
            )
        start, used = time.perf_counter(), time.process_time()
        predictor.bundle.run(squares)
        spent = time.perf_counter() - start, time.process_time() - used
        each["graph alone"].append((1000 * spent[0] / len(squares), 1000 * spent[1] / len(squares)))
    print("\n| | ms a film | CPU ms a film |\n|---|---:|---:|")
    for name, values in each.items():
        wall, cpu = (statistics.median(column) for column in zip(*values, strict=True))
        print(f"| {name} | {wall:.2f} | {cpu:.2f} |")
    predict, two, one, _ = each.values()
    for title, target, slow, fast in (
        ("films/s, score against predict", 0.9, predict, two),
        ("films/s, two workers against one", 1.6, one, two),
    ):
        for kind, at in (("clock", 0), ("CPU", 1)):
            ratios = sorted(a[at] / b[at] for a, b in zip(slow, fast, strict=True))
            print(
                f"{title}, by the {kind}: {statistics.median(ratios):.2f} "
                f"({ratios[0]:.2f} to {ratios[-1]:.2f}); target {target}"
            )


def memory(scratch: Path, rows: list[int], bundle: list[str]) -> None:
    print("| rows | scored in s | driver's peak MB | all done is known in s | peak MB |")
    print("|---:|---:|---:|---:|---:|")
    for count in rows:
        place = scratch / str(count)
        place.mkdir()
        films = make_films(place, count, 64)
        cells = []
        for _ in range(2):
            start = time.perf_counter()
            job = subprocess.Popen(
                command("score", films, "--out", place / "out", *bundle),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            peak = 0.0
            while job.poll() is None:
                peak = max(peak, peak_megabytes(job.pid))
                time.sleep(0.05)
            cells += [f"{time.perf_counter() - start:.1f}", f"{peak:.0f}"]
        scored = pyarrow.dataset.dataset(place / "out").count_rows()
        print(f"| {scored:,} | {' | '.join(cells)} |", flush=True)
        shutil.rmtree(place)


def estimate(scratch: Path, bundle: list[str]) -> None:
    """CPU milliseconds of three kinds of films in one thread, and core hours of archives."""
    films = {
        "JPEG, 224 x 224": (jpeg(224, 224, 90), 200),
        "JPEG, 1856 x 1312": (jpeg(1856, 1312, 95), 40),
        "DICOM, lossless JPEG, 4248 x 3480": (lossless_dicom(scratch), 7),
    }
    predictor = Predictor.load(bundle[-1] if bundle else None, threads=1)
    wanted = {"square": predictor.card.input_size, "preview": 0, "sources": ()}
    settings = resolve(predictor.card, PredictionOptions())
    print("| film | MB | decoding | model | core hours for 1, 10 and 100 million |")
    print("|---|---:|---:|---:|---:|")
    for name, (content, times) in films.items():
        decoding = []
        for _ in range(times):
            start = time.process_time()
            film = decode_here(name, content, LIMITS, wanted)
            decoding.append(1000 * (time.process_time() - start))
        start = time.process_time()
        list(predictor.judge([film] * 400, settings, in_turn=True))
        model = 1000 * (time.process_time() - start) / 400
        ms = statistics.median(decoding)
        hours = [f"{float(f'{(ms + model) * n / 3.6:.2g}'):,.10g}" for n in (1, 10, 100)]
        print(
            f"| {name} | {len(content) / 1e6:.2f} | {ms:.2f} | {model:.2f} | {', '.join(hours)} |"
        )


def jpeg(height: int, width: int, quality: int) -> bytes:
    """A phantom with noise, since films of the world are not as smooth as drawn ones."""
    grey = Image.fromarray((lossless_jpeg.full_size() >> 4).astype(np.uint8))
    file = io.BytesIO()
    grey.resize((width, height), Image.Resampling.LANCZOS).save(file, "JPEG", quality=quality)
    return file.getvalue()


def lossless_dicom(scratch: Path) -> bytes:
    plain, coded = scratch / "plain.dcm", scratch / "lossless.dcm"
    plain.write_bytes(lossless_jpeg.dicom(lossless_jpeg.full_size(), BitsStored=12, HighBit=11))
    subprocess.run(["dcmcjpeg", "+e1", plain, coded], check=True)
    return coded.read_bytes()


def peak_megabytes(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return max(
        (int(line.split()[1]) / 1e3 for line in lines if line.startswith("VmHWM")), default=0
    )


def kills(
    scratch: Path, films: int, workers: int, drivers: int, seed: int, bundle: list[str]
) -> bool:
    """Whether every film has one row after all of it."""
    rng = random.Random(seed)
    folder, out = make_films(scratch, films, 64), scratch / "out"
    parts = max(4 * (workers + drivers), films // 500)
    victims = ["worker"] * workers + ["driver"] * drivers
    rng.shuffle(victims)
    moments = sorted(rng.sample(range(1, parts - parts // 4), len(victims)))
    score = command("score", folder, "--out", out, "--part-films", -(-films // parts), *bundle)
    watch = Watch(out)
    killed: Counter[str] = Counter()
    job = started(score)
    for victim, moment in zip(victims, moments, strict=True):
        # Nobody waits for a recovery: on free cores the rest would be done before the next kill.
        while watch.parts() < moment or not (scoring := actors(job.pid)):
            go_on(job)
        if victim == "driver":
            job.kill()
            job.wait()
            watch.forget()
            job = started(score)
        else:
            watch.killed()
            os.kill(pid := rng.choice(scoring), signal.SIGKILL)
            while pid in actors(job.pid):
                go_on(job)
        killed[victim] += 1
        print(f"{victim} killed at {moment} or more of {parts} parts", flush=True)
    while job.poll() is None:
        watch.parts()
        time.sleep(0.05)
    return counted(
        out, films, f"{killed['worker']} workers and {killed['driver']} drivers killed", job, watch
    )


def node(scratch: Path, films: int, bundle: list[str]) -> bool:
    """Whether every film has one row after one of two nodes is lost, for which none comes."""
    from ray.cluster_utils import Cluster

    folder, out = make_films(scratch, films, 64), scratch / "out"
    cluster = Cluster()
    try:
        raylets = [
            cluster.add_node(num_cpus=1).all_processes["raylet"][0].process.pid for _ in range(2)
        ]
        score = command("score", folder, "--out", out, "--ray-address", cluster.address)
        job = started([*score, "--part-films", str(films // 40), *bundle])
        watch = Watch(out)
        while watch.parts() < 10 or not all(map(actors, raylets)):
            go_on(job)
        watch.killed()
        os.kill(raylets[1], signal.SIGKILL)
        print(f"a node of two killed, {watch.parts()} of 40 parts there", flush=True)
        while job.poll() is None:
            watch.parts()
            time.sleep(0.05)
        return counted(out, films, "1 node of two killed", job, watch)
    finally:
        cluster.shutdown()


def counted(out: Path, films: int, title: str, job: subprocess.Popen[bytes], watch: Watch) -> bool:
    rows = pyarrow.dataset.dataset(out).to_table(columns=["path", "error_code"])
    paths = rows.column("path").to_pylist()
    print(
        f"{title}: exit status {job.returncode}, {films:,} films, "
        f"{len(paths):,} rows, {len(set(paths)):,} paths, "
        f"{len(paths) - rows.column('error_code').null_count} errors"
    )
    if times := watch.recoveries:
        print(
            f"from a worker's kill until the blocks then in work have their parts, {len(times)} "
            f"times: {statistics.median(times):.1f} s, at most {max(times):.1f} s"
        )
    return job.returncode == 0 and len(paths) == len(set(paths)) == films


class Watch:
    """Times from a kill until the blocks that were then in work have their parts."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.recoveries: list[float] = []
        self._open: list[tuple[float, set[str]]] = []

    def killed(self) -> None:
        # A marker may outlive a job that was killed before it was removed; a part is a part.
        if blocks := in_work(self.out):
            self._open.append((time.perf_counter(), blocks))

    def forget(self) -> None:
        """A job's start does not count as a worker's recovery."""
        self._open = []

    def parts(self) -> int:
        there = {path.stem.removeprefix("part-") for path in self.out.glob("part-*")}
        for start, blocks in [one for one in self._open if one[1] <= there]:
            self.recoveries.append(time.perf_counter() - start)
            self._open.remove((start, blocks))
        return len(there)


def go_on(job: subprocess.Popen[bytes]) -> None:
    if job.poll() is not None:
        sys.exit(f"the job ended with {job.returncode} before all kills; give more --films")
    time.sleep(0.1)


def in_work(out: Path) -> set[str]:
    """Blocks that a worker has begun and not finished."""
    return {path.stem for path in (out / TRYING).glob("[!.]*")}


def started(arguments: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def actors(pid: int) -> list[int]:
    """Processes of Ray below `pid` that score."""
    scoring = []
    for child in below(pid):
        with suppress(OSError):
            scoring += (
                [child] if b"MapWorker" in Path(f"/proc/{child}/cmdline").read_bytes() else []
            )
    return scoring


def below(pid: int) -> list[int]:
    """All processes that `pid` has started, and those that these have."""
    every = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for child in map(int, task.read_text().split()):
                every += [child, *below(child)]
    return every


def main() -> None:
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("what", choices=("speed", "memory", "kills", "node", "estimate"))
    parser.add_argument("--films", type=int)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=10)
    parser.add_argument("--drivers", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--bundle")
    asked = parser.parse_args()
    bundle = ["--bundle", asked.bundle] if asked.bundle else []
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        if asked.what == "speed":
            speed(scratch, asked.films or 10_000, asked.rounds, bundle)
        elif asked.what == "memory":
            memory(scratch, asked.rows, bundle)
        elif asked.what == "estimate":
            estimate(scratch, bundle)
        else:
            if asked.what == "node":
                is_whole = node(scratch, asked.films or 20_000, bundle)
            else:
                films = asked.films or 50_000
                is_whole = kills(scratch, films, asked.workers, asked.drivers, asked.seed, bundle)
            if not is_whole:
                sys.exit("films were lost or scored twice")


if __name__ == "__main__":
    main()
