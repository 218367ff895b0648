"""SOURCE -> ids, on disk."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as arrow
import pyarrow.parquet as parquet
import pytest

from radistill.archive.film_list import film_ids
from radistill.errors import UsageError
from radistill.runtime.paths import film_paths

from .conftest import draw

NAMES = ["a.png", "/data/b.dcm", "s3://bucket/c.jpg"]


def test_a_folder_and_a_glob_are_those_of_predict(archive: Path) -> None:
    draw(archive / ".hidden.png", 1)
    (archive / "notes.txt").write_text("none")
    (archive / "dicom-without-ending").write_bytes(bytes(128) + b"DICM")
    for source in (str(archive), f"{archive}/*/0?.png", f"{archive}/**"):
        assert list(film_ids(source)) == [str(path) for path in film_paths([source])]
    assert str(archive / "dicom-without-ending") in list(film_ids(str(archive)))


def write_list(file: Path, column: str) -> Path:
    rows = [*NAMES, "", NAMES[0]]
    if file.suffix == ".parquet":
        parquet.write_table(arrow.table({"n": range(5), column: [*NAMES, None, NAMES[0]]}), file)
    elif file.suffix.lower() == ".csv":
        file.write_text(f"n;{column}\n" + "".join(f"1;{row}\n" for row in rows), "utf-8-sig")
    else:
        file.write_text("".join(json.dumps({column: row}) + "\n\n" for row in rows))
    return file


@pytest.mark.parametrize("name", ["list.csv", "list.parquet", "list.jsonl", "LIST.CSV"])
def test_a_list(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write_list(tmp_path / name, "file name")
    expected = [f"{tmp_path}/a.png", *NAMES[1:], f"{tmp_path}/a.png"]
    assert list(film_ids(str(file), "file name")) == expected
    if "jsonl" not in name:
        assert list(film_ids(str(file), "File Name")) == expected
    monkeypatch.chdir(tmp_path)
    assert next(film_ids(name, "file name")) == "a.png"
    with pytest.raises(UsageError, match=r"has no column 'path', only: .*file name.*--column"):
        list(film_ids(str(file)))


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("a.csv", 'path\n"a', "is no CSV at line 2"),
        ("a.csv", "n,path\n1\n", "line 2 ends before its column 'path'"),
        ("a.csv", "", "has no column 'path', only: none"),
        ("a.jsonl", '{"path": "a"}\n{', "line 2 is no JSON"),
        ("a.jsonl", '["a"]', "line 1: has no column 'path', only: none"),
        ("a.jsonl", '{"path": 7}', "line 1 has no path in 'path'"),
        ("a.parquet", "PAR1", "cannot be read as Parquet"),
        ("a.parquet", "", "cannot be read as Parquet"),
    ],
)
def test_a_list_that_is_none(tmp_path: Path, name: str, content: str, match: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(UsageError, match=match):
        list(film_ids(str(tmp_path / name)))


@pytest.mark.parametrize("name", ["list.csv", "list.parquet", "list.jsonl", "folder", "*.png"])
def test_what_is_not_there(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"there is nothing there|there is no such|matches no"):
        list(film_ids(f"{tmp_path}/{name}"))


def test_a_scheme_that_is_unknown() -> None:
    with pytest.raises(UsageError, match=r"^gopher://host/films: no URI that fsspec knows"):
        list(film_ids("gopher://host/films"))


def test_several_lists(tmp_path: Path) -> None:
    folder = tmp_path / "films.parquet"
    folder.mkdir()
    for n in range(2):
        parquet.write_table(arrow.table({"path": [f"/data/{n}.png"]}), folder / f"part-{n}.parquet")
    (folder / "_SUCCESS").write_text("")
    expected = ["/data/0.png", "/data/1.png"]
    assert list(film_ids(str(folder))) == expected
    assert list(film_ids(f"{tmp_path}/films.parquet/part-*.parquet")) == expected
    with pytest.raises(UsageError, match="matches no list"):
        list(film_ids(f"{tmp_path}/*.csv"))
