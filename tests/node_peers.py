"""Films and programs that the node's tests share: header values, dciodvfy, dcmtk, Orthanc."""

from __future__ import annotations

import json
import re
import resource
import secrets
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import requests
import yaml
from PIL import Image
from pydicom import Dataset

from absent import absent
from dicoms import dicom

PATIENT = {
    "SpecificCharacterSet": "ISO_IR 100",
    "PatientName": "Müller^Jörg",
    "PatientID": "MRN-77",
    "PatientBirthDate": "20190203",
    "PatientSex": "M",
    "PatientAge": "006Y",
    "StudyInstanceUID": "1.2.826.0.1.3680043.8.498.10",
    "SeriesInstanceUID": "1.2.826.0.1.3680043.8.498.11",
    "StudyID": "S1",
    "StudyDate": "20260102",
    "StudyTime": "101112",
    "AccessionNumber": "A-1",
    "ReferringPhysicianName": "Ärztin^Eva",
    "StudyDescription": "Thorax pa",
    "BodyPartExamined": "CHEST",
    "ViewPosition": "PA",
}


def chest(side: int = 256, seed: int = 0) -> np.ndarray:
    """A picture with two lungs and a spine, uint16 (side, side), another for each seed."""
    y, x = np.mgrid[0:side, 0:side] / side
    film = 3000 - 2200 * np.exp(-(((x - 0.3) / 0.13) ** 2 + ((y - 0.5) / 0.3) ** 2))
    film -= 2200 * np.exp(-(((x - 0.7) / 0.13) ** 2 + ((y - 0.5) / 0.3) ** 2))
    noise = np.random.default_rng(seed).normal(0, 40, film.shape)
    return np.clip(film + 300 * np.sin(seed + 9 * x) + noise, 0, 4095).astype(np.uint16)


def film(number: int = 0, pixels: np.ndarray | None = None, **changes: Any) -> bytes:
    """A DX film of a patient with a study; `number` gives another instance and other pixels."""
    pixels = chest(seed=number) if pixels is None else pixels
    values = {**PATIENT, "SOPInstanceUID": f"1.2.826.0.1.3680043.8.498.2.{number + 1}", **changes}
    syntax = values.pop("syntax", None)
    return dicom(pixels, **({"syntax": syntax} if syntax else {}), **values)


def needed(program: str, package: str) -> str:
    """Where `program` lies; without it the test is skipped, and in CI fails."""
    path = shutil.which(program)
    if path is None:
        absent(f"{program} is missing: apt-get install {package}")
    return str(path)


def dciodvfy_errors(path: Path) -> list[str]:
    """What dciodvfy calls an error in a DICOM file."""
    command = [needed("dciodvfy", "dicom3tools"), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    lines = (done.stdout + done.stderr).splitlines()
    assert any(line in ("EnhancedSR", "SCImage") for line in lines), lines  # it read the file
    return [line for line in lines if line.startswith(("Error", "Abort"))]


def as_picture(path: Path) -> np.ndarray:
    """A DICOM picture as dcmtk's dcm2pnm draws it."""
    drawn = path.with_suffix(".pnm")
    subprocess.run([needed("dcm2pnm", "dcmtk"), str(path), str(drawn)], check=True)
    return np.asarray(Image.open(drawn))


def free_port() -> int:
    """A port of loopback that nobody listens on, below those that a connection may take by then."""
    while True:
        port = secrets.choice(range(20_000, 32_000))
        with suppress(OSError), socket.socket() as one:
            one.bind(("127.0.0.1", port))
            return port


def process_tree(number: int) -> list[int]:
    """A process and all that it started, by number; those that end meanwhile are left out."""
    several = [number]
    for tasks in Path(f"/proc/{number}/task").glob("*/children"):
        with suppress(OSError):
            for child in tasks.read_text().split():
                several += process_tree(int(child))
    return several


def resident_mib(number: int) -> float:
    """Resident memory of a process and all that it started; shared pages count for each."""
    pages = 0
    for one in process_tree(number):
        with suppress(OSError, IndexError):
            pages += int(Path(f"/proc/{one}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def eventually(check: Callable[[], Any], seconds: float = 180.0) -> Any:
    """The first true value of `check`. AssertionError if there is none in time."""
    deadline = time.monotonic() + seconds
    while True:
        value = check()
        if value:
            return value
        assert time.monotonic() < deadline, f"not in {seconds:g} s: {check}"
        time.sleep(0.05)


class Orthanc:
    """A real Orthanc on loopback, with DICOMweb where its plugin is installed."""

    PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")

    def __init__(self, folder: Path, node_port: int) -> None:
        self.program = needed("Orthanc", "orthanc orthanc-dicomweb")
        self.folder, self.http, self.dicom = folder, free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.http}"
        folder.mkdir(parents=True, exist_ok=True)
        settings = {
            "Name": "test",
            "StorageDirectory": str(folder / "store"),
            "IndexDirectory": str(folder / "store"),
            "HttpPort": self.http,
            "DicomPort": self.dicom,
            "DicomAet": "ORTHANC",
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            "StableAge": 1,
            "MaximumPduLength": 131072,  # of 16384 by default, which makes many small ones
            "DicomModalities": {"node": ["RADISTILL", "127.0.0.1", node_port]},
            "Plugins": [str(self.PLUGIN)] if self.PLUGIN.exists() else [],
            "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
        }
        self.config = folder / "orthanc.json"
        self.config.write_text(json.dumps(settings))
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self.folder / "orthanc.log").open("ab") as log:
            self.process = subprocess.Popen(
                [self.program, str(self.config)], stdout=log, stderr=log
            )
        eventually(self._answers, 180)

    def stop(self, kill: bool = False) -> None:
        if self.process is not None:
            self.process.kill() if kill else self.process.terminate()
            self.process.wait()
            self.process = None

    def __enter__(self) -> Orthanc:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/system", timeout=5).ok
        except requests.RequestException:
            return False

    def get(self, path: str) -> Any:
        return requests.get(f"{self.url}/{path}", timeout=30).json()

    def post(self, path: str, body: str) -> Any:
        return requests.post(f"{self.url}/{path}", data=body, timeout=60).json()

    def clear(self) -> None:
        for name in self.get("patients"):
            requests.delete(f"{self.url}/patients/{name}", timeout=30)

    def upload(self, content: bytes) -> str:
        answer = requests.post(f"{self.url}/instances", data=content, timeout=30)
        return str(answer.json()["ID"])

    def instance_uids(self) -> Iterator[str]:
        """SOP Instance UIDs of everything that it has."""
        since = 0
        while page := self.get(f"instances?expand&since={since}&limit=500"):
            yield from (one["MainDicomTags"]["SOPInstanceUID"] for one in page)
            since += len(page)

    def instances(
        self, modality: str | None = None, study: str | None = None, limit: int = 0
    ) -> list[Dataset]:
        """Everything that it has of a modality and a study, up to `limit`."""
        values = {"Modality": modality, "StudyInstanceUID": study}
        query = {name: value for name, value in values.items() if value}
        found = requests.post(
            f"{self.url}/tools/find",
            json={"Level": "Instance", "Query": query, "Limit": limit},
            timeout=60,
        ).json()
        return [self.fetch(name) for name in found]

    def fetch(self, name: str) -> Dataset:
        content = requests.get(f"{self.url}/instances/{name}/file", timeout=30).content
        return pydicom.dcmread(BytesIO(content))


class RunningNode:
    """`radistill node` as a process of its own."""

    def __init__(self, folder: Path, port: int, **settings: Any) -> None:
        self.folder, self.port, self.status = folder, port, free_port()
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / "node.yaml"
        values: dict[str, Any] = {
            "port": port,
            "senders": [{"ae_title": "STORESCU"}, {"ae_title": "ORTHANC"}],
            "targets": [{"name": "disk", "kind": "folder", "path": "answers"}],
            "status": {"port": self.status},
            "retries": {"first": 0.2, "longest": 2},
            "decision": {"any_population": True},
            "spool": {"free_megabytes": 0},  # whatever else fills the disk
            **settings,
        }
        self.file.write_text(yaml.safe_dump(values))
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, wait: bool = True) -> None:
        with (self.folder / "node.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "radistill", "node", "--config", str(self.file)],
                stdout=log,
                stderr=log,
            )
        if wait:
            try:
                eventually(lambda: self.health() is not None or self.ended())
                assert self.process.poll() is None, self.log()
            except BaseException:
                self.kill()
                raise

    def ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def stop(self) -> int:
        assert self.process is not None
        self.process.terminate()
        try:
            return self.process.wait(180)
        finally:
            self.kill()  # the process that answers films ends with it

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def __enter__(self) -> RunningNode:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if not self.ended():
            self.stop()

    def log(self) -> str:
        return (self.folder / "node.log").read_text()

    def health(self) -> dict[str, Any] | None:
        try:
            url = f"http://127.0.0.1:{self.status}/healthz"
            return dict(requests.get(url, timeout=5).json())
        except requests.RequestException:
            return None

    def metrics(self) -> str:
        return requests.get(f"http://127.0.0.1:{self.status}/metrics", timeout=5).text

    def counts(self) -> dict[str, int]:
        """Films in each state, as the metrics say."""
        found = re.findall(r'radistill_node_films\{state="(\w+)"\} ([\d.]+)', self.metrics())
        return {state: int(float(count)) for state, count in found}

    def cursor(self) -> str | None:
        """How far its source has come, if it has looked."""
        with sqlite3.connect(self.folder / "spool" / "jobs.sqlite") as sql:
            rows = sql.execute("SELECT value FROM cursors WHERE name LIKE 'orthanc%'").fetchall()
        return rows[0][0] if rows else None

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Another command on the same settings."""
        command = [sys.executable, "-m", "radistill", "node", "--config", str(self.file)]
        return subprocess.run([*command, *arguments], capture_output=True, text=True)

    def answers(self) -> list[Dataset]:
        """What the target `disk` has."""
        return [pydicom.dcmread(file) for file in sorted((self.folder / "answers").glob("*.dcm"))]


def storescu(
    port: int,
    *files: Path,
    calling: str = "STORESCU",
    called: str = "RADISTILL",
    options: Sequence[str] = (),
) -> str:
    """What dcmtk's storescu says of sending `files`; it goes on after a refusal."""
    command = [needed("storescu", "dcmtk"), "-v", "-R", "-nh", "-aet", calling, "-aec", called]
    command += options
    done = subprocess.run(
        [*command, "127.0.0.1", str(port), *map(str, files)], capture_output=True, text=True
    )
    return done.stdout + done.stderr
