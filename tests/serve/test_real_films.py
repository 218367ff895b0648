"""Real films over HTTP: the same, to the digit, as `radistill predict` says of them in batches."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import httpx2 as httpx
import pytest

from radistill.runtime.find_bundle import installed

from ..servers import serving


@pytest.mark.data
@pytest.mark.parametrize("precision", ["auto", "float32"])
def test_to_the_digit(shared: Path, tmp_path: Path, precision: str) -> None:
    """One film a request and ten a request, against sixteen a batch and all cores."""
    data = shared / "data"
    films = sorted((data / "chest_xray" / "test").rglob("*.jpeg"))[::12]
    films += sorted((data / "originals").glob("*.jpeg"))[:8]
    assert len(films) > 50
    (tmp_path / "list.csv").write_text("path\n" + "".join(f"{film}\n" for film in films), "utf-8")
    options = ["--bundle", installed()[0], "--precision", precision]
    command = [sys.executable, "-m", "radistill", "predict", tmp_path / "list.csv", *options]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=300)
    expected = [json.loads(line) for line in done.stdout.splitlines()]
    assert [record["path"] for record in expected] == list(map(str, films))
    with serving(installed()[0], "--precision", precision) as server:
        url = f"{server.url}/v1/predictions"
        single, tens = [], []
        for start in range(0, len(films), 10):
            files = [("files", (f.name, f.read_bytes())) for f in films[start : start + 10]]
            tens += httpx.post(url, files=files, timeout=60).json()["predictions"]
        for film in films:
            answer = httpx.post(url, files={"files": (film.name, film.read_bytes())}, timeout=60)
            single += answer.json()["predictions"]
    for record, one, ten in zip(expected, single, tens, strict=True):
        agreed = {**record, "path": Path(record["path"]).name, "ms": 0}
        assert {**one, "ms": 0} == agreed
        assert {**ten, "ms": 0} == agreed
