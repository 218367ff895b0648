"""The examples for Spark and Daft over the same films give the rows of `radistill score`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.dataset
import pytest

from .conftest import Score, draw, rows_of

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
COMPARED = ("probability", "decision", "error_code")


def rows(folder: Path) -> dict[str, tuple[object, ...]]:
    """By path: Spark and Daft write paths as file: URIs."""
    table = pyarrow.dataset.dataset(str(folder)).to_table()
    return {
        row["path"].removeprefix("file:").replace("///", "/"): tuple(row[n] for n in COMPARED)
        for row in table.to_pylist()
    }


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["daft", "pyspark"])
def test_a_thousand_films_give_equal_tables(
    engine: str, score: Score, bundle: Path, tmp_path: Path
) -> None:
    pytest.importorskip(engine)
    if engine == "pyspark" and shutil.which("java") is None:
        pytest.skip("Spark needs Java: apt-get install default-jre-headless")
    films = tmp_path / "films"
    for number in range(999):
        draw(films / f"{number:03}.png", number)
    (films / "bad.png").write_bytes(b"\x89PNG")
    score(films, tmp_path / "ours", part_films=1000)
    wanted = {row["path"]: tuple(row[n] for n in COMPARED) for row in rows_of(tmp_path / "ours")}
    script = {"daft": "daft_udf.py", "pyspark": "spark.py"}[engine]
    source = f"{films}/*.png" if engine == "daft" else str(films)
    done = subprocess.run(
        [sys.executable, EXAMPLES / script, source, str(tmp_path / "theirs")],
        capture_output=True,
        text=True,
        env=os.environ | {"RADISTILL_BUNDLE": str(bundle), "PYSPARK_PYTHON": sys.executable},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert rows(tmp_path / "theirs") == wanted
