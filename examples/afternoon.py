"""One afternoon from a folder of X-rays to the PACS, step by step, with a table of minutes.

    python examples/afternoon.py --out afternoon                          # phantoms
    python examples/afternoon.py --data chest_xray --second adults --out afternoon

Reports become labels of 300 films, a study trains on them and on all others without labels, a curve
says how many labels it takes, the student becomes a bundle, is adapted to a second hospital, and a
DICOM node answers a film beside an Orthanc; the report is fetched back from there. Each step is a
`radistill` command, printed before it runs. The same command goes on where the last one stopped.

--data, --second: folders of X-rays by class, the latter with labels.csv if it has one. Real reports
of these films are not public, so they are invented from the films' classes. Needs the extras
[train,text,adapt,dicom]; Orthanc is looked for on PATH. docs/afternoon.md tells more.
"""

from __future__ import annotations

import argparse
import json
import secrets
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import requests
import yaml
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian, generate_uid

from radistill.config import load_config
from radistill.data import load_dataset
from radistill.data.dataset import Dataset as Films
from radistill.files import read_csv, write_csv
from radistill.text.labeller.grammar import write_report

PATIENCE = 300  # seconds for a service to start or answer


class Skipped(Exception):
    """Why a step cannot be taken here."""


@dataclass(frozen=True)
class Afternoon:
    """Where everything lies, and what the commands are given."""

    out: Path
    data: Path | None
    second: Path | None
    labelled: int
    phantoms: int
    preset: str
    settings: Sequence[str]

    @property
    def films(self) -> Path:
        return self.data or self.out / "films"

    @property
    def hospital(self) -> Path:
        return self.second or self.out / "second"


def radistill(*words: object, accepted: Sequence[int] = (0,)) -> int:
    """Run a command as a user would; its exit status, which must be one of `accepted`."""
    typed = [str(word) for word in words]
    print(f"$ radistill {shlex.join(typed)}", flush=True)
    status = subprocess.run([sys.executable, "-m", "radistill", *typed]).returncode
    if status not in accepted:
        raise SystemExit(f"radistill {typed[0]} ended with status {status}; what is done is kept")
    return status


def get_films(day: Afternoon) -> str:
    for folder, seed, number in ((day.films, 0, day.phantoms), (day.hospital, 1, 300)):
        if not folder.exists():
            radistill("data", "phantom", folder, "--n", min(number, day.phantoms), "--seed", seed)
    return str(day.films)


def label_reports(day: Afternoon) -> str:
    """Invented reports of some films -> labels -> films.csv, in which all other films have none."""
    dataset = load_dataset(day.films, load_config("quick").data, 0, cache=day.out / "cache")
    positive = dataset.positive
    chosen = _chosen(dataset, day.labelled)
    rng = np.random.default_rng(0)
    reports = [
        (f"r{row}", write_report("opacity" if film.label == positive else "normal", rng).text)
        for row, film in enumerate(chosen)
    ]
    write_csv(day.out / "reports.csv", ("id", "report"), reports)
    columns = ("--id", "id", "--text", "report")
    radistill("text", "label", day.out / "reports.csv", *columns, "--out", day.out / "labels.csv")
    header, rows = read_csv(day.out / "labels.csv")
    read = {row[0]: dict(zip(header, row, strict=True))["label"] for _, row in rows}
    labels = {film.path: read.get(f"r{row}", "") for row, film in enumerate(chosen)}
    right = sum(labels[film.path] == film.label for film in chosen if labels[film.path])
    write_csv(
        day.out / "films.csv",
        ("path", "label", "patient", "split"),
        (
            (
                (day.films / film.path).resolve(),
                film.label if film.split == "test" else labels.get(film.path, ""),
                film.patient,
                "test" if film.split == "test" else "train",
            )
            for film in dataset.films
        ),
    )
    read_count = sum(map(bool, labels.values()))
    return f"{read_count} of {len(chosen)} reports labelled, {right} as the film's class"


def _chosen(dataset: Films, count: int) -> list[Any]:
    """Whole patients of the training films, drawn within each class, until there are `count`."""
    patients = defaultdict(list)
    for film in dataset.split("train"):
        patients[film.label, film.patient].append(film)
    total = len(dataset.split("train"))
    chosen: list[Any] = []
    rng = np.random.default_rng(0)
    for label in dataset.classes:
        groups = [films for key, films in patients.items() if key[0] == label]
        wanted = count * sum(map(len, groups)) / total
        taken: list[Any] = []
        for place in rng.permutation(len(groups)):
            if len(taken) < wanted:
                taken += groups[place]
        chosen += taken
    return chosen


def study(day: Afternoon) -> str:
    settings = [word for one in day.settings for word in ("--set", one)]
    place = ("--data", day.out / "films.csv", "--out", day.out / "study")
    radistill("run", *place, "--preset", day.preset, *settings)
    comparison = json.loads((day.out / "study" / "comparison.json").read_text())
    aucs = {model["name"]: model["test"]["auc"] for model in comparison["models"]}
    return f"test AUC {aucs['student']:.3f}, without a teacher {aucs['student-alone']:.3f}"


def curve(day: Afternoon) -> str:
    settings = [word for one in day.settings for word in ("--set", one)]
    preset = ("--preset", day.preset) if day.settings else ()
    place = ("--data", day.films, "--out", day.out / "curve")
    # 2 % of a few hundred phantoms are less than the two patients a class that a study takes.
    shares = () if day.data else ("--fractions", "0.1,0.25,1", "--seeds", "1")
    radistill("curve", *place, "--quick", *shares, *preset, *settings)
    return str(day.out / "curve" / "curve.html")


def bundle(day: Afternoon) -> str:
    # Also where the study found that the student should not be used, as on a few phantoms.
    radistill("bundle", day.out / "study", "--anyway")
    maps, results = day.out / "maps", day.out / "predictions.jsonl"
    results.unlink(missing_ok=True)
    films = _test_films(day)
    radistill(
        "predict", *films, "--bundle", day.out / "study", "--heatmaps", maps, "--out", results
    )
    return str(maps / "contact-sheet.png")


def _test_films(day: Afternoon) -> list[str]:
    """Six test films of each class."""
    by_label = defaultdict(list)
    for _, row in read_csv(day.out / "films.csv")[1]:
        if row[3] == "test":
            by_label[row[1]].append(row[0])
    return [path for paths in by_label.values() for path in paths[:6]]


def adapt(day: Afternoon) -> str:
    table = day.hospital / "labels.csv"
    labels = ("--labels", table) if table.exists() else ()
    place = ("--data", day.hospital, *labels, "--out", day.out / "adapted")
    status = radistill("adapt", day.out / "study", *place, accepted=(0, 3))
    return "no gain shown, no new bundle" if status else "a gain is shown, a new bundle made"


def pacs(day: Afternoon) -> str:
    """A film goes into an Orthanc, the node answers it, and the report is fetched from there."""
    program = shutil.which("Orthanc")
    if program is None:
        raise Skipped("there is no Orthanc on PATH: apt-get install orthanc")
    made = day.out / "adapted" / "card.json"
    folder, model = day.out / "pacs", made.parent if made.exists() else day.out / "study"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    web, dicom, node, status = _ports(4)
    url = f"http://127.0.0.1:{web}"
    settings = {
        "StorageDirectory": str((folder / "store").resolve()),
        "HttpPort": web,
        "DicomPort": dicom,
        "DicomAet": "ORTHANC",
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "DicomModalities": {"node": ["RADISTILL", "127.0.0.1", node]},
        "StableAge": 1,
    }
    (folder / "orthanc.json").write_text(json.dumps(settings))
    target = {"name": "pacs", "kind": "dicom", "ae_title": "ORTHANC", "port": dicom}
    values = {
        "port": node,
        "bundle": str(model.resolve()),
        "senders": [{"ae_title": "ORTHANC"}],
        "targets": [{**target, "host": "127.0.0.1"}],
        "status": {"port": status},
        "decision": {"any_population": True},
    }
    (folder / "node.yaml").write_text(yaml.safe_dump(values))
    command = [sys.executable, "-m", "radistill", "node", "--config", str(folder / "node.yaml")]
    with (
        _running([program, str(folder / "orthanc.json")], folder / "orthanc.log"),
        _running(command, folder / "node.log"),
    ):
        _until(lambda: _answers(f"{url}/system") and _answers(f"http://127.0.0.1:{status}/healthz"))
        film = _as_dicom(Path(_test_films(day)[-1]), folder / "film.dcm")
        stored = requests.post(f"{url}/instances", data=film.read_bytes(), timeout=60).json()["ID"]
        began = time.perf_counter()
        requests.post(f"{url}/modalities/node/store", data=stored, timeout=PATIENCE)
        wanted = {"Level": "Instance", "Query": {"Modality": "SR"}}
        find = lambda: requests.post(f"{url}/tools/find", json=wanted, timeout=60).json()  # noqa: E731
        (name, *_) = _until(find)
        seconds = time.perf_counter() - began
        report = folder / "report.dcm"
        report.write_bytes(requests.get(f"{url}/instances/{name}/file", timeout=60).content)
    for line in _lines(pydicom.dcmread(report)):
        print(f"  {line}")
    return f"the report was there after {seconds:.1f} s: {report}"


def _ports(count: int) -> list[int]:
    """Ports of loopback that nobody listens on."""
    ports: list[int] = []
    while len(ports) < count:
        port = secrets.choice(range(20_000, 32_000))
        with socket.socket() as one:
            if port not in ports and one.connect_ex(("127.0.0.1", port)):
                ports.append(port)
    return ports


@contextmanager
def _running(command: Sequence[str], log: Path) -> Iterator[None]:
    with log.open("wb") as file, subprocess.Popen(command, stdout=file, stderr=file) as process:
        try:
            yield
        finally:
            process.terminate()


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except requests.RequestException:
        return False


def _until(check: Callable[[], Any]) -> Any:
    """The first true value of `check`."""
    end = time.monotonic() + PATIENCE
    while not (value := check()):
        if time.monotonic() > end:
            raise SystemExit(f"no answer in {PATIENCE} s; the logs lie beside node.yaml")
        time.sleep(0.2)
    return value


def _as_dicom(image: Path, out: Path) -> Path:
    """A film as an X-ray device would send it, of nobody."""
    with Image.open(image) as opened:
        pixels = np.asarray(opened.convert("L"))
    film = Dataset()
    film.file_meta = FileMetaDataset()
    film.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    film.SOPClassUID = DigitalXRayImageStorageForPresentation
    film.SOPInstanceUID, film.SeriesInstanceUID = generate_uid(), generate_uid()
    film.StudyInstanceUID, film.PatientID, film.PatientName = generate_uid(), "0", "Nobody"
    film.Modality, film.BodyPartExamined, film.ViewPosition = "DX", "CHEST", "PA"
    film.StudyDate = film.StudyTime = film.AccessionNumber = film.StudyID = ""
    film.PatientBirthDate = film.PatientSex = film.ReferringPhysicianName = ""
    film.Rows, film.Columns = pixels.shape
    film.SamplesPerPixel, film.PhotometricInterpretation = 1, "MONOCHROME2"
    film.BitsAllocated, film.BitsStored, film.HighBit, film.PixelRepresentation = 8, 8, 7, 0
    film.PixelData = pixels.tobytes() + b"\0" * (pixels.size % 2)
    film.save_as(out, enforce_file_format=True)
    return out


def _lines(content: Dataset) -> Iterator[str]:
    """The texts, codes and numbers of a structured report."""
    for item in content.get("ContentSequence", ()):
        name = (
            item.ConceptNameCodeSequence[0].CodeMeaning if "ConceptNameCodeSequence" in item else ""
        )
        if "TextValue" in item:
            yield f"{name}: {item.TextValue}"
        elif "ConceptCodeSequence" in item:
            yield f"{name}: {item.ConceptCodeSequence[0].CodeMeaning}"
        elif "MeasuredValueSequence" in item:
            yield f"{name}: {item.MeasuredValueSequence[0].NumericValue}"
        yield from _lines(item)


STEPS: dict[str, Callable[[Afternoon], str]] = {
    "films": get_films,
    "reports to labels": label_reports,
    "study": study,
    "curve, quick": curve,
    "bundle, and 12 films": bundle,
    "adapt to a second hospital": adapt,
    "report in the PACS": pacs,
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").splitlines()[0],
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--out", type=Path, required=True, help="folder of everything")
    parser.add_argument("--data", type=Path, help="X-rays by class; else phantoms")
    parser.add_argument("--second", type=Path, help="those of a second hospital; else phantoms")
    parser.add_argument("--labelled", type=int, default=300, help="films that have a report")
    parser.add_argument("--phantoms", type=int, default=900, help="how many, where no --data")
    parser.add_argument("--preset", default="few-labels", help="of the study")
    parser.add_argument(
        "--set", dest="settings", action="append", default=[], help="as of radistill run"
    )
    day = Afternoon(**vars(parser.parse_args()))
    day.out.mkdir(parents=True, exist_ok=True)
    file = day.out / "steps.json"
    done: dict[str, dict[str, Any]] = json.loads(file.read_text()) if file.exists() else {}
    for name, step in STEPS.items():
        if name in done and not done[name]["skipped"]:
            continue
        print(f"\n== {name}", flush=True)
        began = time.monotonic()
        try:
            said, skipped = step(day), False
        except Skipped as reason:
            said, skipped = f"skipped: {reason}", True
        seconds = time.monotonic() - began
        done[name] = {"seconds": round(seconds, 1), "said": said, "skipped": skipped}
        file.write_text(json.dumps(done, indent=2))
    print(f"\n{'step':<28}{'minutes':>8}")
    for name in STEPS:
        print(f"{name:<28}{done[name]['seconds'] / 60:>8.1f}  {done[name]['said']}")
    print(f"{'all':<28}{sum(one['seconds'] for one in done.values()) / 60:>8.1f}")


if __name__ == "__main__":
    main()
