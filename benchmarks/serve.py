"""The server under load: no wrong or lost answer, memory, and latency beside a lone request.

    python benchmarks/serve.py --films FOLDER [--bundle B] [--requests 2000] [--clients 8]

Starts `radistill serve`, asks `radistill predict` for the right answers, sends films (and one
broken file in twenty) from one client, then from several, and compares every answer to the digit.
Clients run on the same cores as the server. A 503 is counted, and asked again after Retry-After.
A second server with one place to wait shows what happens when there is too much to do.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

RADISTILL = [sys.executable, "-m", "radistill"]
MOST_TRIES = 50


@dataclass
class Server:
    """A `radistill serve` that runs."""

    port: int
    pid: int

    def megabytes(self) -> tuple[float, float]:
        """Resident memory of the server and of its decoding processes."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return _resident(self.pid), sum(map(_resident, map(int, children)))


@dataclass
class Tally:
    """What came back. seconds: of answered requests."""

    statuses: Counter[int] = field(default_factory=Counter)
    wrong: int = 0
    lost: int = 0
    seconds: list[float] = field(default_factory=list)


@contextmanager
def served(*options: object) -> Iterator[Server]:
    command = [*RADISTILL, "serve", "--port", "0", *map(str, options)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    port = 0
    for line in process.stderr:
        if found := re.search(r"http://[^/]*:(\d+)/", line):
            port = int(found[1])
        if "startup complete" in line:
            break
    threading.Thread(target=process.stderr.read, daemon=True).start()
    try:
        yield Server(port, process.pid)
    finally:
        process.terminate()
        process.wait(30)


def right_answers(films: list[Path], options: list[str]) -> dict[Path, dict[str, Any]]:
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as table:
        table.write("path\n" + "".join(f"{film.resolve()}\n" for film in films))
        table.flush()
        command = [*RADISTILL, "predict", table.name, "--format", "jsonl", *options]
        done = subprocess.run(command, capture_output=True, text=True)
    records = map(json.loads, done.stdout.splitlines())
    return dict(zip(films, map(comparable, records), strict=True))


def comparable(record: dict[str, Any]) -> dict[str, Any]:
    """All but the path and the milliseconds."""
    return {key: value for key, value in record.items() if key not in ("path", "ms")}


def client(
    port: int, films: list[Path], expected: dict[Path, dict[str, Any]], tally: Tally
) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    contents = {film: film.read_bytes() for film in set(films)}
    for film in films:
        for _ in range(MOST_TRIES):
            start = time.perf_counter()
            try:
                connection.request(
                    "POST", "/v1/predictions", contents[film],
                    {"Content-Type": "application/octet-stream"},
                )  # fmt: skip
                response = connection.getresponse()
                body = response.read()
            except (OSError, http.client.HTTPException):
                connection.close()
                tally.lost += 1
                break
            tally.statuses[response.status] += 1
            if response.status == 503:
                time.sleep(float(response.headers["Retry-After"]))
                continue
            tally.seconds.append(time.perf_counter() - start)
            answer = json.loads(body)["predictions"] if response.status == 200 else []
            tally.wrong += [comparable(record) for record in answer] != [expected[film]]
            break
        else:
            tally.lost += 1
    connection.close()


def load(
    port: int, shares: list[list[Path]], expected: dict[Path, dict[str, Any]]
) -> tuple[Tally, float]:
    """One client a share; what came back, and the seconds that it took."""
    tallies = [Tally() for _ in shares]
    threads = [
        threading.Thread(target=client, args=(port, share, expected, tally))
        for share, tally in zip(shares, tallies, strict=True)
    ]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - start
    whole = Tally()
    for tally in tallies:
        whole.statuses += tally.statuses
        whole.wrong += tally.wrong
        whole.lost += tally.lost
        whole.seconds += tally.seconds
    return whole, seconds


def row(name: str, tally: Tally, seconds: float, server: Server) -> str:
    cuts = statistics.quantiles(tally.seconds, n=20)
    said = ", ".join(f"{count} x {status}" for status, count in sorted(tally.statuses.items()))
    own, children = server.megabytes()
    cells = (
        *(name, said, tally.wrong, tally.lost, f"{1000 * cuts[9]:.1f}", f"{1000 * cuts[18]:.1f}"),
        *(f"{len(tally.seconds) / seconds:.0f}", f"{own:.0f} + {children:.0f}"),
    )
    return f"| {' | '.join(map(str, cells))} |"


def _resident(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024 / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--films", type=Path, required=True)
    parser.add_argument("--bundle")
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--most", type=int, default=200, help="different films")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    options = ["--bundle", arguments.bundle] if arguments.bundle else []
    rng = random.Random(arguments.seed)
    found = sorted(path for path in arguments.films.rglob("*") if path.is_file())
    films = rng.sample(found, min(arguments.most, len(found)))
    with tempfile.TemporaryDirectory() as folder:
        broken = []
        for number, film in enumerate(films[:5]):
            broken.append(Path(folder) / f"{number}.jpeg")
            broken[-1].write_bytes(film.read_bytes()[: 100 * (number + 1)])
        expected = right_answers([*films, *broken], options)

        def share(count: int) -> list[Path]:
            return [rng.choice(broken if rng.random() < 0.05 else films) for _ in range(count)]

        each = arguments.requests // arguments.clients
        print("| | answers | wrong | lost | p50 ms | p95 ms | films/s | memory, MB |")
        print("|---|---|---|---|---|---|---|---|")
        with served(*options) as server:
            load(server.port, [share(50)], expected)
            print(row("one client", *load(server.port, [share(200)], expected), server))
            for part in range(1, 5):
                shares = [share(each // 4) for _ in range(arguments.clients)]
                name = f"{arguments.clients} clients, quarter {part}"
                print(row(name, *load(server.port, shares, expected), server), flush=True)
            shares = [share(each) for _ in range(arguments.clients)]
            name = f"{arguments.clients} clients, {each * arguments.clients} requests"
            print(row(name, *load(server.port, shares, expected), server))
        with served(*options, "--workers", 1, "--waiting", 1) as server:
            shares = [share(25) for _ in range(arguments.clients)]
            print(row("one place to wait", *load(server.port, shares, expected), server))


if __name__ == "__main__":
    main()
