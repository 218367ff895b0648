import os
from pathlib import Path

import pytest

from radistill.errors import RadistillError
from radistill.files import replacing_folder


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
