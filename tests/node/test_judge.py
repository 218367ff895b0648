"""Kills at any moment, of the node and of the PACS: each film is answered exactly once."""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import numpy as np
import pydicom
import pytest
from pydicom import Dataset
from pynetdicom import AE
from pynetdicom.association import Association

from node_peers import (
    PATIENT,
    Orthanc,
    RunningNode,
    eventually,
    film,
    free_port,
    resident_mib,
)
from radistill.errors import RadistillError
from radistill.node.answer_uids import answer_uid
from radistill.node.jobs import JobStore
from radistill.node.judge import Judge
from radistill.node.node_config import FolderTarget, NodeConfig


class Sender(threading.Thread):
    """Sends each film until success is said, as a modality does."""

    def __init__(self, port: int, films: Iterator[bytes]) -> None:
        super().__init__()
        self.port, self.films, self.stop = port, films, threading.Event()
        self.sent = self.failed = 0
        self.association: Association | None = None

    def run(self) -> None:
        for content in self.films:
            film = pydicom.dcmread(pydicom.filebase.DicomBytesIO(content))
            while not self.send(film):
                if self.stop.is_set():
                    return
                self.failed += 1
                time.sleep(0.05)
            self.sent += 1
        if self.association is not None:
            self.association.release()

    def send(self, film: Dataset) -> bool:
        if self.association is None or not self.association.is_established:
            ae = AE("STORESCU")
            ae.connection_timeout = ae.dimse_timeout = ae.acse_timeout = 60
            ae.add_requested_context(film.SOPClassUID, film.file_meta.TransferSyntaxUID)
            self.association = ae.associate("127.0.0.1", self.port, ae_title="RADISTILL")
        with suppress(RuntimeError, ValueError):
            return bool(self.association.send_c_store(film).get("Status") == 0)
        return False


def kill_test(folder: Path, films: int, node_kills: int, orthanc_kills: int, side: int) -> str:
    """Random kills while films come; a line of what happened. Seed 0."""
    rng = random.Random(0)
    port = free_port()
    pixels = np.random.default_rng(0).integers(0, 4096, (side, side), np.uint16)
    orthanc = Orthanc(folder / "orthanc", port)
    target = {"name": "pacs", "kind": "dicom", "ae_title": "ORTHANC", "host": "127.0.0.1"}
    targets = [{**target, "port": orthanc.dicom}]
    node = RunningNode(folder / "node", port, targets=targets)
    sender = Sender(port, (film(n, pixels=np.roll(pixels, n)) for n in range(films)))
    kills = ["node"] * node_kills + ["orthanc"] * orthanc_kills
    rng.shuffle(kills)
    memory: list[float] = []

    def measured() -> bool:
        assert node.process is not None
        memory.append(resident_mib(node.process.pid))
        return True

    try:
        orthanc.start()
        node.start()
        sender.start()
        for kill, after in zip(kills, sorted(rng.sample(range(films), len(kills))), strict=True):
            eventually(lambda after=after: measured() and sender.sent >= after, 1800)
            time.sleep(rng.uniform(0, 0.3))
            if kill == "node":
                node.kill()
                node.start(wait=False)
                eventually(lambda: node.health() is not None, 300)
            else:
                orthanc.stop(kill=True)
                time.sleep(rng.uniform(0, 1))
                orthanc.start()
        eventually(lambda: measured() and node.counts()["delivered"] == films, 1800)
        sender.join()
        assert node.counts()["dead"] == 0
        model = orthanc.instances(study=PATIENT["StudyInstanceUID"], limit=1)[0].DeviceSerialNumber
        wanted = {
            answer_uid(kind, f"1.2.826.0.1.3680043.8.498.2.{number + 1}", model)
            for number in range(films)
            for kind in ("report", "capture")
        }
        uids = Counter(orthanc.instance_uids())
        assert set(uids) == wanted
        assert set(uids.values()) == {1}
        verified = node.run("ledger", "verify")
        assert verified.stdout == f"{films} lines, none changed\n", (
            verified.stdout,
            verified.stderr,
        )
    finally:
        sender.stop.set()
        if not node.ended():
            node.stop()
        orthanc.stop()
        if sender.is_alive():
            sender.join()
    most, end = max(memory), memory[-1]
    return (
        f"films {films}, kills of the node {node_kills}, of Orthanc {orthanc_kills}, "
        f"C-STORE tried again {sender.failed}, reports {films}, captures {films}, lost 0, twice 0; "
        f"memory of all processes at most {most:.0f} MiB, at the end {end:.0f} MiB"
    )


def test_a_disk_that_fails_is_not_the_films_fault(tmp_path: Path) -> None:
    store = JobStore(tmp_path / "spool")
    (store.incoming / "film").write_bytes(b"1")
    store.receive(store.incoming / "film", "1.1", "1.9", "STORESCU", ["a"], "m")
    (job,) = store.waiting(["received"])
    target = FolderTarget(kind="folder", name="a", path=tmp_path)
    judge = Judge(NodeConfig(targets=(target,)), store, cast(Any, None), cast(Any, None))
    for error in (RadistillError("the disk is full"), OSError(28, ""), sqlite3.OperationalError()):
        with pytest.raises(type(error)), judge._dead_if_it_fails(job):
            raise error
        assert store.counts()["received"] == 1
    with judge._dead_if_it_fails(job):
        raise ValueError
    assert store.counts()["dead"] == 1
    store.close()


def test_kills_lose_nothing_and_answer_nothing_twice(tmp_path: Path) -> None:
    print(kill_test(tmp_path, films=40, node_kills=4, orthanc_kills=1, side=256))


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_500_films_with_20_kills_of_the_node_and_5_of_orthanc(tmp_path: Path) -> None:
    print(kill_test(tmp_path, films=500, node_kills=20, orthanc_kills=5, side=512))
