"""The node beside a real Orthanc: latency, throughput and memory.

    python benchmarks/node.py [--films 200] [--side 2000] [--memory-films 500]
    python benchmarks/node.py --kills 5000

Prints a table: seconds from the start of C-STORE to the report in Orthanc, one film at a time;
films a second over one and eight associations, until the last report is in Orthanc, beside what
`radistill predict` reaches on the same files, repeated to 200 where fewer were sent; and the memory
of the node's processes. Needs Debian's packages orthanc and dcmtk. Films are 16 bits, uncompressed,
seed 0.
--kills sends films of 512 x 512 while the node is killed 20 times, and Orthanc 5 times.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from io import BytesIO
from pathlib import Path

import numpy as np
import psutil
import pydicom
import requests
from pynetdicom import AE

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "node"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from test_judge import kill_test

from node_peers import (
    Orthanc,
    RunningNode,
    eventually,
    film,
    free_port,
)

_PREDICTED = 200  # films at least that `radistill predict` is timed over


def films(count: int, side: int, first: int = 0) -> list[bytes]:
    """Different films of one picture."""
    pixels = np.random.default_rng(0).integers(0, 4096, (side, side), np.uint16)
    pixels.sort(axis=0)  # smooth from top to bottom, as a film is
    return [film(first + n, pixels=np.roll(pixels, first + n)) for n in range(count)]


def send(port: int, contents: list[bytes]) -> None:
    """Over one association."""
    ae = AE("STORESCU")
    first = pydicom.dcmread(BytesIO(contents[0]), stop_before_pixels=True)
    ae.add_requested_context(first.SOPClassUID, first.file_meta.TransferSyntaxUID)
    association = ae.associate("127.0.0.1", port, ae_title="RADISTILL", max_pdu=0)
    for content in contents:
        status = association.send_c_store(pydicom.dcmread(BytesIO(content)))
        assert status.Status == 0
    association.release()


def reports(orthanc: Orthanc) -> int:
    return int(requests.get(f"{orthanc.url}/statistics").json()["CountInstances"]) // 2


def latency(node: RunningNode, orthanc: Orthanc, contents: list[bytes]) -> list[float]:
    seconds = []
    for content in contents:
        before, start = reports(orthanc), time.perf_counter()
        send(node.port, [content])
        while reports(orthanc) == before:
            time.sleep(0.005)
        seconds.append(time.perf_counter() - start)
    return seconds


def throughput(
    node: RunningNode, orthanc: Orthanc, contents: list[bytes], associations: int
) -> float:
    before, start = reports(orthanc), time.perf_counter()
    parts = [contents[n::associations] for n in range(associations)]
    threads = [threading.Thread(target=send, args=(node.port, part)) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    eventually(lambda: reports(orthanc) == before + len(contents), 600)
    return len(contents) / (time.perf_counter() - start)


def predict(contents: list[bytes], folder: Path) -> tuple[float, float]:
    """Films a second, and CPU seconds a film, less what starting takes."""
    folder.mkdir()
    for number, content in enumerate(contents):
        (folder / f"{number}.dcm").write_bytes(content)
    # A few films take less time than starting varies by: their names are repeated.
    for number in range(len(contents), _PREDICTED):
        (folder / f"{number}.dcm").hardlink_to(folder / f"{number % len(contents)}.dcm")
    command = [sys.executable, "-m", "radistill", "predict", "--format", "jsonl"]
    taken = []
    for what in (next(folder.iterdir()), folder):
        start, cpu = time.perf_counter(), _children_cpu()
        subprocess.run([*command, str(what)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        taken.append((time.perf_counter() - start, _children_cpu() - cpu))
    more = max(len(contents), _PREDICTED) - 1
    return more / (taken[1][0] - taken[0][0]), (taken[1][1] - taken[0][1]) / more


def _children_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def processes(node: RunningNode) -> list[psutil.Process]:
    """The node's own, the one that judges and answers, and those that decode."""
    assert node.process is not None
    first = psutil.Process(node.process.pid)
    return [first, *first.children(recursive=True)]


def resident(node: RunningNode) -> str:
    """Sum of the processes' resident memory; pages that they share are counted for each."""
    sizes = [one.memory_info().rss / 2**20 for one in processes(node)]
    return f"{' + '.join(f'{size:.0f}' for size in sizes)} = {sum(sizes):.0f} MiB"


def cpu_seconds(several: list[psutil.Process]) -> list[float]:
    return [sum(one.cpu_times()[:2]) for one in several]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--films", type=int, default=200)
    parser.add_argument("--side", type=int, default=2000)
    parser.add_argument("--memory-films", type=int, default=500)
    parser.add_argument("--kills", type=int, metavar="FILMS", help="The test by kills alone.")
    arguments = parser.parse_args()
    if arguments.kills is not None:
        with tempfile.TemporaryDirectory() as name:
            print(kill_test(Path(name), arguments.kills, 20, 5, 512))
        return
    count, side = arguments.films, arguments.side
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        with Orthanc(folder / "orthanc", port) as orthanc:
            target = {"name": "pacs", "kind": "dicom", "ae_title": "ORTHANC", "host": "127.0.0.1"}
            targets = [{**target, "port": orthanc.dicom}]
            with RunningNode(folder / "node", port, targets=targets) as node:
                send(port, films(1, side, 10**6))
                eventually(lambda: reports(orthanc) == 1)
                few = films(min(count, 40), side)
                seconds = sorted(latency(node, orthanc, few))
                p95 = seconds[int(0.95 * (len(seconds) - 1))]
                print(
                    f"latency, {len(few)} films: median {statistics.median(seconds):.2f} s, "
                    f"p95 {p95:.2f} s"
                )
                for number, associations in enumerate((1, 8), 1):
                    assert orthanc.process is not None
                    all_ = [*processes(node), psutil.Process(orthanc.process.pid), psutil.Process()]
                    contents, cpu = films(count, side, number * 10_000), cpu_seconds(all_)
                    rate = throughput(node, orthanc, contents, associations)
                    each = [
                        1000 * (after - before) / count
                        for before, after in zip(cpu, cpu_seconds(all_), strict=True)
                    ]
                    names = ["listen and deliver", "judge", "decode", "Orthanc", "sender"]
                    said = ", ".join(f"{n} {ms:.0f}" for n, ms in zip(names, each, strict=True))
                    bound = 1000 * 2 / sum(each)
                    print(f"{associations} associations: {rate:.1f} films/s; CPU ms: {said}")
                    print(f"  two cores at {sum(each):.0f} ms a film: at most {bound:.1f} films/s")
                rate, each = predict(contents, folder / "films")
                print(f"predict on the same: {rate:.1f} films/s, {each:.3f} CPU s each")
                print(f"memory after {2 * count}: {resident(node)}")
                size = arguments.memory_films
                for start in range(0, size, 100):
                    throughput(node, orthanc, films(100, 512, 50_000 + start), 1)
                    print(f"memory after {start + 100} more of 512 x 512: {resident(node)}")


if __name__ == "__main__":
    main()
