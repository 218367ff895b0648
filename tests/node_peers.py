"""Films and programs that the node's tests share: header values, dciodvfy, dcmtk, Orthanc."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

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
