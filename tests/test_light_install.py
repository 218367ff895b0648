"""`pip install radistill`, without extras, is enough to predict, and is light."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from radistill.phantoms import generate

from .brightness import bundle  # noqa: F401

ROOT = Path(__file__).resolve().parents[1]
LARGEST = 250e6  # bytes
ABSENT = ("torch", "sklearn", "scipy", "matplotlib", "onnx")

CODE = """
import sys
sys.argv = ["radistill", "predict", *sys.argv[1:]]
from radistill.cli import main
try:
    main()
finally:
    loaded = [name for name in {absent} if name in sys.modules]
    assert not loaded, loaded
"""


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@pytest.mark.slow
def test_predict_in_an_empty_environment(
    bundle: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True, timeout=120)
    (packages,) = (tmp_path / "venv").glob("lib/python*/site-packages")
    before = size(packages)  # pip, which the environment comes with
    installed = subprocess.run(
        [
            *(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            *("--retries", "1", "--timeout", "15", "-c", "constraints.txt", "."),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=540,
    )
    if installed.returncode and re.search(
        r"connection|resolve host|timed out|network", installed.stderr
    ):
        pytest.skip("no network: pip reaches no package index")
    assert installed.returncode == 0, installed.stderr
    assert not [name for name in ABSENT if (packages / name).exists()]
    assert size(packages) - before < LARGEST

    generate(tmp_path / "phantoms", 16, 0, size=64)
    done = subprocess.run(
        [
            *(python, "-I", "-c", CODE.format(absent=ABSENT), tmp_path / "phantoms" / "train"),
            *("--bundle", bundle, "--heatmaps", tmp_path / "maps"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(records) >= 8
    assert all(Path(record["heatmap"]).is_file() for record in records)
