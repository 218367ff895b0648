"""Kills at any moment, of the node and of the PACS: each film is answered exactly once."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import numpy as np
import pydicom
import pytest
import requests
from pynetdicom import AE

from node_peers import Orthanc, RunningNode, eventually, film, free_port
from radistill.node.answer_uids import answer_uid


def send_all(port: int, films: list[bytes], stop: threading.Event) -> int:
    """Send each film until success is said, as a modality does; how many tries failed."""
    failed = 0
    for content in films:
        made = pydicom.dcmread(pydicom.filebase.DicomBytesIO(content))
        while not stop.is_set():
            ae = AE("STORESCU")
            ae.connection_timeout = ae.dimse_timeout = ae.acse_timeout = 10
            ae.add_requested_context(made.SOPClassUID, made.file_meta.TransferSyntaxUID)
            association = ae.associate("127.0.0.1", port, ae_title="RADISTILL")
            status = None
            if association.is_established:
                with suppress(RuntimeError, ValueError):
                    status = association.send_c_store(made).get("Status")
                association.release() if association.is_established else association.abort()
            if status == 0:
                break
            failed += 1
            time.sleep(0.05)
    return failed


def kill_test(folder: Path, films: int, node_kills: int, orthanc_kills: int, side: int) -> str:
    """Random kills while films come; a line of what happened. Seed 0."""
    rng = random.Random(0)
    port = free_port()
    pixels = np.random.default_rng(0).integers(0, 4096, (side, side), np.uint16)
    contents = [film(number, pixels=np.roll(pixels, number)) for number in range(films)]
    orthanc = Orthanc(folder / "orthanc", port)
    orthanc.start()
    target = {"name": "pacs", "kind": "dicom", "ae_title": "ORTHANC", "host": "127.0.0.1"}
    targets = [{**target, "port": orthanc.dicom}]
    node = RunningNode(folder / "node", port, targets=targets)
    node.start()
    stop = threading.Event()
    failed: list[int] = []
    sender = threading.Thread(target=lambda: failed.append(send_all(port, contents, stop)))
    sender.start()
    kills = ["node"] * node_kills + ["orthanc"] * orthanc_kills
    rng.shuffle(kills)
    try:
        for kill in kills:
            time.sleep(rng.uniform(0.5, 3))
            if kill == "node":
                node.kill()
                node.start(wait=False)
                eventually(lambda: node.health() is not None)
            else:
                orthanc.stop(kill=True)
                time.sleep(rng.uniform(0, 1))
                orthanc.start()
        sender.join()
        eventually(lambda: node.counts()["delivered"] == films, 600)
        uids = Counter(
            str(requests.get(f"{orthanc.url}/instances/{one}/metadata/SopClassUid").text)
            for one in orthanc.get("instances")
        )
        assert uids == {"1.2.840.10008.5.1.4.1.1.88.22": films, "1.2.840.10008.5.1.4.1.1.7": films}
        model = orthanc.instances(modality="SR")[0].DeviceSerialNumber if films < 200 else None
        if model is not None:
            wanted = {
                answer_uid("report", f"1.2.826.0.1.3680043.8.498.2.{number + 1}", model)
                for number in range(films)
            }
            assert {one.SOPInstanceUID for one in orthanc.instances(modality="SR")} == wanted
        assert node.counts()["dead"] == 0
        verified = node.run("ledger", "verify")
        assert verified.stdout == f"{films} lines, none changed\n", verified.stderr
    finally:
        stop.set()
        sender.join()
        if not node.ended():
            node.stop()
        orthanc.stop()
    return (
        f"films {films}, kills of the node {node_kills}, of Orthanc {orthanc_kills}, "
        f"C-STORE tried again {failed[0]}, reports {films}, captures {films}, lost 0, twice 0"
    )


def test_kills_lose_nothing_and_answer_nothing_twice(tmp_path: Path) -> None:
    print(kill_test(tmp_path, films=40, node_kills=4, orthanc_kills=1, side=256))


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_500_films_with_20_kills_of_the_node_and_5_of_orthanc(tmp_path: Path) -> None:
    print(kill_test(tmp_path, films=500, node_kills=20, orthanc_kills=5, side=512))
