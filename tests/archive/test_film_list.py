"""SOURCE -> ids, on disk."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as arrow
import pyarrow.parquet as parquet
import pytest

from radistill.archive.film_list import film_ids, is_shard
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


@pytest.mark.parametrize("values", [[1, 2], [1.5], [True], [["a.png"]], [{"a": "b.png"}]])
def test_a_column_of_parquet_without_paths(tmp_path: Path, values: list[object]) -> None:
    parquet.write_table(arrow.table({"path": values}), tmp_path / "a.parquet")
    with pytest.raises(UsageError, match=r"a\.parquet: has no paths in 'path' but "):
        list(film_ids(f"{tmp_path}/a.parquet"))


@pytest.mark.parametrize("kind", ["string", "large_string", "binary", "dictionary"])
def test_a_column_of_parquet_with_paths(tmp_path: Path, kind: str) -> None:
    values = arrow.array(["/a.png", None, "/b.png"])
    values = values.dictionary_encode() if kind == "dictionary" else values.cast(kind)
    parquet.write_table(arrow.table({"path": values}), tmp_path / "a.parquet")
    assert list(film_ids(f"{tmp_path}/a.parquet")) == ["/a.png", "/b.png"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("list.txt", b"a.png\n"),
        ("list.tsv", b"path\n"),
        ("list.csv.gz", b"\x1f\x8b"),
        ("shard.tar.gz", b"\x1f\x8b"),
        ("shard.zip", b"PK\x03\x04"),
        ("list.json", b"[]"),
        ("README", b"text"),
    ],
)
def test_a_file_that_is_no_list(tmp_path: Path, name: str, content: bytes) -> None:
    """It is what names films, and no film of its own that cannot be read."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError, match=rf"{name}: is neither a list \(\.parquet, .*shard.*film"):
        list(film_ids(f"{tmp_path}/{name}"))


def test_one_film(archive: Path) -> None:
    for film in sorted(archive.rglob("*"))[-1:]:
        assert list(film_ids(str(film))) == [str(film)]
        film.rename(film.with_suffix(".film"))
        assert list(film_ids(str(film.with_suffix(".film")))) == [str(film.with_suffix(".film"))]


def test_shards_in_a_folder(archive: Path) -> None:
    """As in that of a bucket, where they would else be passed over without a word."""
    (archive / "0" / "some.TAR").write_bytes(b"")
    (archive / ".hidden.tar").write_bytes(b"")
    for source in (str(archive), f"{archive}/*"):
        assert len(list(film_ids(source))) == 13
        assert f"{archive}/0/some.TAR" in list(film_ids(source))


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        ("a/b.tar", True),
        ("a/B.TAR", True),
        ("https://host/a.tar?signature=x", True),
        ("s3://bucket/what?.tar", True),
        ("what.tar?.png", False),
        ("https://host/a.png?from=b", False),
        ("tar.png", False),
    ],
)
def test_what_is_a_shard(one: str, expected: bool) -> None:
    assert is_shard(one) == expected


@pytest.mark.parametrize("name", ["gone.tar", "{000000..000009}.tar"])
def test_a_shard_that_is_not_there(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="there is no such shard; a glob names several"):
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


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_folder_of_lists_is_one_list(
    tmp_path: Path, slash: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is relative in it is so to the folder beside which it stands, as for a file."""
    (tmp_path / "films.parquet").mkdir()
    parquet.write_table(arrow.table({"path": ["a.png"]}), tmp_path / "films.parquet" / "0.parquet")
    assert list(film_ids(f"{tmp_path}/films.parquet{slash}")) == [f"{tmp_path}/a.png"]
    monkeypatch.chdir(tmp_path)
    assert list(film_ids(f"films.parquet{slash}")) == ["a.png"]
