"""Memory of the server by its number of workers.

    python benchmarks/serve_memory.py [--bundle B] [--workers 1 2 4 8]

Starts `radistill serve`, sends large films (2500 x 2048 pixels of 16 bits, as a detector has them)
from two clients a worker, and samples the memory of all its processes together (PSS: what several
share is counted once). Linux only.
"""

from __future__ import annotations

import argparse
import http.client
import time
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from serve import served

FILMS_A_WORKER = 6


def film() -> bytes:
    pixels = np.random.default_rng(0).integers(0, 4096, (2500, 2048), dtype=np.uint16)
    file = BytesIO()
    Image.fromarray(pixels).save(file, "TIFF")
    return file.getvalue()


def megabytes(pid: int) -> float:
    """Of a process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return sum(_proportional(number) for number in [pid, *map(int, children)])


def _proportional(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def send(port: int, content: bytes) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    headers = {"Content-Type": "application/octet-stream"}
    connection.request("POST", "/v1/predictions", content, headers)
    answer = connection.getresponse()
    assert answer.status == 200, answer.read()
    answer.read()
    connection.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4, 8])
    asked = parser.parse_args()
    content = film()
    options = ["--bundle", asked.bundle] if asked.bundle else []
    print("| workers | MB at rest | MB at most |\n|---|---|---|")
    for workers in asked.workers:
        with served("--workers", workers, *options) as server:
            time.sleep(2)
            rest, most = megabytes(server.pid), 0.0
            with ThreadPoolExecutor(2 * workers + 1) as pool:
                films = [
                    pool.submit(send, server.port, content) for _ in range(FILMS_A_WORKER * workers)
                ]
                while not all(future.done() for future in films):
                    most = max(most, megabytes(server.pid))
                    time.sleep(0.02)
                for future in films:
                    future.result()
        print(f"| {workers} | {rest:.0f} | {most:.0f} |", flush=True)


if __name__ == "__main__":
    main()
