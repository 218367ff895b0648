"""`radistill data inspect` as a whole command."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ..command_line import Command


@pytest.fixture
def films(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for split, numbers in (("train", range(1, 9)), ("test", range(9, 12))):
        for n in numbers:
            for name in (f"NORMAL/IM-{n:04}-0001.jpeg", f"PNEUMONIA/person{n}_virus_{n}.jpeg"):
                path = tmp_path / "a set" / split / name
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(rng.integers(0, 256, (20, 20), dtype=np.uint8)).save(path, "PNG")
    return tmp_path / "a set"


@pytest.fixture
def inspect(radistill: Command) -> Command:
    return partial(radistill, "data", "inspect")


def test_good_set(inspect: Command, films: Path, tmp_path: Path) -> None:
    done = inspect(films, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "PNEUMONIA" in done.stdout
    assert "of them virus" in done.stdout
    audit = json.loads((tmp_path / "out" / "audit.json").read_text())
    assert audit["films"] == 22
    assert (tmp_path / "out" / "audit.html").stat().st_size > 1000
    assert not (films / "audit.json").exists()


def test_unreadable_file_gives_1(inspect: Command, films: Path) -> None:
    (films / "train" / "NORMAL" / "IM-0900-0001.jpeg").touch()
    done = inspect(films)
    assert done.returncode == 1
    assert "IM-0900-0001.jpeg" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--set", "data.positive=flu"], "there is no class 'flu'"),
        (["--set", "data.protcol=patient"], "did you mean 'data.protocol'"),
        (["--labels", "nothing.csv"], "cannot be read"),
    ],
)
def test_wrong_usage_gives_2(
    inspect: Command, films: Path, arguments: list[str], message: str
) -> None:
    done = inspect(films, *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_leak_is_refused_or_allowed(inspect: Command, films: Path) -> None:
    (films / "train/NORMAL/IM-0001-0001.jpeg").rename(films / "test/NORMAL/IM-0002-0002.jpeg")
    assert inspect(films).returncode == 2
    done = inspect(films, "--allow-leak")
    assert done.returncode == 0, done.stderr
    assert "1 patient is in more than one" in done.stdout


def test_a_table_with_columns_and_absolute_paths(
    inspect: Command, films: Path, tmp_path: Path
) -> None:
    paths = sorted(films.rglob("*.jpeg"))
    rows = [
        f"{path},{int(path.parent.name == 'PNEUMONIA')},{path.parent.parent.name}" for path in paths
    ]
    table = tmp_path / "table.csv"
    table.write_text("\n".join(["Film,Target,split", *rows, rows[0]]))
    columns = ("--image-column", "film", "--label-column", "Target", "--map", "0=healthy,1=ill")
    for arguments in ((films, "--labels", table), (table,)):
        done = inspect(*arguments, *columns)
        assert done.returncode == 0, done.stderr
        assert "healthy" in done.stdout
        assert "repeat another are left out: 1" in done.stdout
    assert "--labels" in inspect(films, *columns).stderr
