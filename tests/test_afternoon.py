"""The example that goes from reports to the PACS, on few phantoms."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pydicom
import pytest

ROOT = Path(__file__).resolve().parents[1]
SMALL = {
    "baseline.epochs": 1,
    "baseline.input_size": 32,
    "teacher.epochs": 1,
    "teacher.head_epochs": 0,
    "teacher.input_size": 32,
    "student.epochs": 1,
    "student.input_size": 32,
    "student.warmup_epochs": 0,
    "distill.views": 1,
    "evaluation.bootstrap": 100,
}


def afternoon(out: Path) -> subprocess.CompletedProcess[str]:
    settings = [word for key, value in SMALL.items() for word in ("--set", f"{key}={value}")]
    return subprocess.run(
        [
            *(sys.executable, "examples/afternoon.py", "--out", out, "--preset", "demo"),
            *("--phantoms", "160", "--labelled", "60", *settings),
        ],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=900,
    )


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_from_reports_to_the_pacs(tmp_path: Path) -> None:
    done = afternoon(tmp_path / "ä day")
    assert done.returncode == 0, done.stdout + done.stderr
    steps = json.loads((tmp_path / "ä day" / "steps.json").read_text("utf-8"))
    assert len(steps) == 7
    assert [name for name, one in steps.items() if one["skipped"]] == (
        [] if shutil.which("Orthanc") else ["report in the PACS"]
    )
    header, *rows = (tmp_path / "ä day" / "films.csv").read_text("utf-8").splitlines()
    assert header == "path,label,patient,split"
    labelled = sum(bool(row.split(",")[1]) for row in rows if row.endswith(",train"))
    assert 20 < labelled <= 80  # whole patients, less the reports in doubt
    assert (tmp_path / "ä day" / "maps" / "contact-sheet.png").is_file()
    if shutil.which("Orthanc"):
        report = pydicom.dcmread(tmp_path / "ä day" / "pacs" / "report.dcm")
        film = pydicom.dcmread(tmp_path / "ä day" / "pacs" / "film.dcm")
        assert report.Modality == "SR"
        assert report.StudyInstanceUID == film.StudyInstanceUID
    again = afternoon(tmp_path / "ä day")
    assert again.returncode == 0
    assert "$ radistill" not in again.stdout  # every step is kept
    assert json.loads((tmp_path / "ä day" / "steps.json").read_text("utf-8")) == steps or not (
        shutil.which("Orthanc")
    )
