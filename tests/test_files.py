import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from radistill import files
from radistill.errors import RadistillError, UsageError
from radistill.files import (
    read_csv,
    replacing,
    replacing_folder,
    sha256,
    write_csv,
    write_json,
    write_text,
)


def test_a_file_is_closed_when_it_gets_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows, which has no `fcntl`, renames no open file."""
    rename = os.replace

    def only_closed(source: Path, target: Path) -> None:
        for number in os.listdir("/proc/self/fd"):
            with suppress(FileNotFoundError):
                assert os.readlink(f"/proc/self/fd/{number}") != str(source)
        rename(source, target)

    monkeypatch.setattr(files, "_fcntl", None)
    monkeypatch.setattr(os, "replace", only_closed)
    write_text(tmp_path / "file", "whole")
    assert (tmp_path / "file").read_text() == "whole"


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


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """A file stands where the folder should, as on a read-only disk: also for root, for whom the
    permissions of a folder do not count."""
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(RadistillError, match=r"audit\.html: cannot be written"):
        write_text(tmp_path / "taken" / "audit.html", "whole")


def test_on_a_read_only_disk_the_file_is_named_and_not_its_scratch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There even the removal of a file that is not there fails."""

    def refused(path: object, *_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system", str(path))

    monkeypatch.setattr(os, "open", refused)
    monkeypatch.setattr(Path, "unlink", refused)
    with pytest.raises(RadistillError, match=r"/labels\.csv: cannot be written \(Read-only"):
        write_text(tmp_path / "labels.csv", "path,label")


def test_a_disk_that_fills_while_a_tree_is_copied_is_said_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`shutil.copytree` goes on after an error and gives a list of all."""

    def full(source: object, target: object, **_: object) -> None:
        raise OSError(28, "No space left on device", str(source))

    (tmp_path / "page").mkdir()
    for name in ("a", "b"):
        (tmp_path / "page" / name).write_text("script")
    monkeypatch.setattr(shutil, "copy2", full)
    with (
        pytest.raises(RadistillError, match=r"site: the disk is full\. Free some space"),
        replacing_folder(tmp_path / "site") as work,
    ):
        shutil.copytree(tmp_path / "page", work, dirs_exist_ok=True, copy_function=shutil.copy2)
    assert [path.name for path in tmp_path.iterdir()] == ["page"]


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


def test_two_processes_of_one_number_do_not_meet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in two containers: each has process 1."""
    monkeypatch.setattr(os, "getpid", lambda: 1)
    with replacing(tmp_path / "file") as one, replacing(tmp_path / "file") as other:
        one.write_text("one")
        other.write_text("other")
    assert (tmp_path / "file").read_text() == "one"  # the last to be put in place
    with replacing_folder(tmp_path / "a") as first, replacing_folder(tmp_path / "a") as second:
        (first / "x").touch()
        (second / "y").touch()
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "file", "x"]


def test_content_is_on_the_disk_before_its_name_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a power cut leaves the new name with no content."""
    done: list[tuple[str, str]] = []
    sync, rename = os.fsync, os.replace

    def synced(file: int) -> None:
        done.append(("disk", Path(os.readlink(f"/proc/self/fd/{file}")).name))
        sync(file)

    def renamed(source: Path, target: Path) -> None:
        done.append(("rename", Path(source).name))
        rename(source, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", renamed)
    write_json(tmp_path / "a.json", [1])
    (written, scratch), rename_, (folder, name) = done
    assert (written, folder, name) == ("disk", "disk", tmp_path.name)
    assert rename_ == ("rename", scratch)
    done.clear()
    with replacing_folder(tmp_path / "b") as work:
        (work / "in").mkdir()
        (work / "in" / "file").write_text("x")
    *before, rename_, after = done
    assert before == [("disk", "file"), ("disk", "in"), ("disk", work.name)]
    assert rename_ == ("rename", work.name)
    assert after == ("disk", tmp_path.name)


KILLED = """
import os, sys
from pathlib import Path
from radistill.files import replacing, replacing_folder
kind, place = sys.argv[1:]
with (replacing if kind == "file" else replacing_folder)(Path(place)) as work:
    (work if kind == "file" else work / "x").write_text("half")
    print("ready", flush=True)
    sys.stdin.read(1)
"""


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_a_kill_left_goes_with_the_next_writing(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "in" / "place"

    def start() -> subprocess.Popen[str]:
        command = [sys.executable, "-c", KILLED, kind, str(place)]
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    def left() -> set[str]:
        return {path.name for path in place.parent.glob(".*")}

    killed = start()
    killed.kill()
    killed.wait()
    (mess,) = left()
    (place.parent / ".other.12ab.partial").touch()  # of another file
    at_work = start()
    assert mess not in left()
    assert len(left()) == 2
    third = start()
    assert len(left()) == 3, "a process that lives keeps its own"
    for process in (at_work, third):
        process.communicate("x")
        assert process.returncode == 0
    assert left() == {".other.12ab.partial"}
    assert (place if kind == "file" else place / "x").read_text() == "half"


def test_a_kill_between_the_two_renames_of_a_folder(tmp_path: Path) -> None:
    old = tmp_path / ".place.77.old.partial"
    old.mkdir()
    (old / "x").write_text("older")
    with pytest.raises(ZeroDivisionError), replacing_folder(tmp_path / "place"):
        _ = 1 / 0
    assert (tmp_path / "place" / "x").read_text() == "older"
