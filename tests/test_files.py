import os
from pathlib import Path

import pytest

from radistill.errors import RadistillError, UsageError
from radistill.files import read_csv, replacing_folder, sha256, write_csv, write_json


def test_a_folder_takes_the_place_of_another(tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    for text in ("first", "second"):
        with replacing_folder(folder) as work:
            (work / "file").write_text(text)
        assert (folder / "file").read_text() == text
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_a_failure_leaves_the_older_folder(tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    folder.mkdir()
    (folder / "file").write_text("older")
    with pytest.raises(ZeroDivisionError), replacing_folder(folder) as work:
        (work / "file").write_text(str(1 / len(list(work.iterdir()))))
    assert (folder / "file").read_text() == "older"
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_a_rename_that_fails_puts_the_older_folder_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "bundle"
    folder.mkdir()
    (folder / "file").write_text("older")
    rename = os.replace

    def fails_once(source: Path, target: Path) -> None:
        if target == folder and not source.name.endswith(".old.partial"):
            raise OSError(28, "No space left on device")
        rename(source, target)

    monkeypatch.setattr(os, "replace", fails_once)
    with (
        pytest.raises(RadistillError, match="the disk is full"),
        replacing_folder(folder) as work,
    ):
        (work / "file").write_text("newer")
    assert (folder / "file").read_text() == "older"
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_sha256_of_bytes_and_of_files(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abc")
    # FIPS 180-4, the example of one block.
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sha256(b"abc") == sha256(tmp_path / "file") == expected


def test_csv_is_read_with_line_numbers(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    write_csv(file, ("path", "text"), [("1.png", "a,b"), ("2.png", "two\nlines")])
    file.write_text("\ufeff" + file.read_text() + "\n , \n3.png,end")
    header, rows = read_csv(file)
    assert header == ["path", "text"]
    assert rows == [(2, ["1.png", "a,b"]), (4, ["2.png", "two\nlines"]), (7, ["3.png", "end"])]


def test_csv_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "latin.csv").write_bytes(b"path\n\xff\n")
    for name, message in (("none.csv", "cannot be read"), ("latin.csv", "not UTF-8")):
        with pytest.raises(UsageError, match=rf"{name}: .*{message}"):
            read_csv(tmp_path / name)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_json_with_an_undefined_number_is_refused_by_file_and_key(
    tmp_path: Path, number: float
) -> None:
    file = tmp_path / "metrics.json"
    write_json(file, {"test": {"auc": None}})
    before = file.read_bytes()
    key = r"test\.by_class\.macro\.precision_ci\.1"
    with pytest.raises(
        RadistillError, match=rf"metrics\.json: not written, since {key} is {number}"
    ):
        write_json(file, {"test": {"by_class": {"macro": {"precision_ci": (0.5, number)}}}})
    assert file.read_bytes() == before
