"""The code on docs/python.md, run from the top to the bottom as a reader would paste it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import yaml

from radistill.phantoms import generate

PAGE = Path(__file__).resolve().parents[1] / "docs" / "python.md"
# The smallest study there is, over the preset that the page names.
STUDY = {
    "data": {"protocol": "patient"},
    "baseline": {"epochs": 1, "input_size": 32},
    "teacher": {
        "architecture": "shufflenet_v2_x0_5",
        "weights": "random",
        "epochs": 1,
        "head_epochs": 0,
        "frozen_stages": 0,
        "input_size": 64,
    },
    "student": {"epochs": 1, "input_size": 64, "warmup_epochs": 0},
    "distill": {"views": 1},
    "evaluation": {"bootstrap": 100, "robustness": False},
}


def test_the_code_runs(tmp_path: Path) -> None:
    generate(tmp_path / "films", 60, 0, 64)
    generate(tmp_path / "elsewhere", 40, 1, 64)
    film = next((tmp_path / "films").rglob("*.png"))
    (tmp_path / "a.png").write_bytes(film.read_bytes())
    (tmp_path / "no-film.txt").write_text("text")
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(STUDY))
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.M | re.S)
    assert len(blocks) >= 5
    # Processes that decode are started from a file, which must not run the code again.
    code = "\n".join(blocks)
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    for said in ("student: AUC", "60 films", "weights", "report.html", "not-an-image"):
        assert said in done.stdout
    assert (tmp_path / "runs" / "first" / "bundle" / "card.json").is_file()
    assert (tmp_path / "report" / "report.html").is_file()
