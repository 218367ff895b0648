"""What a user may name, and what is found there."""

from __future__ import annotations

import io
import os
import shutil
from pathlib import Path

import pytest

from radistill.errors import UsageError
from radistill.runtime.paths import film_paths


def names(*named: object) -> list[str]:
    return [path.name for path in film_paths(map(str, named))]


def test_a_folder_gives_images_by_name_or_content_sorted(films: Path) -> None:
    (films / "notes.txt").write_text("no film")
    (films / ".hidden.png").touch()
    (films / "empty.jpg").touch()  # named like a film, so its error is reported
    shutil.copy(films / "film 0.png", films / "IM000001")  # no extension
    below = films / "below"
    below.mkdir()
    shutil.copy(films / "film 0.png", below / "deep.png")
    os.mkfifo(films / "pipe.png")
    (films / "gone.png").symlink_to("nowhere")
    (films / "loop").symlink_to(films)
    expected = ["IM000001", "empty.jpg", *(f"film {i}.png" for i in range(10)), "gone.png"]
    assert names(films) == [*expected, "deep.png"]


def test_a_named_file_is_taken_whatever_it_is(films: Path) -> None:
    assert names(films / "notes.txt", films / "film 1.png") == ["notes.txt", "film 1.png"]


def test_globs(films: Path) -> None:
    assert names(films / "film [12].png") == ["film 1.png", "film 2.png"]
    assert names(films.parent / "**" / "*3.png") == ["film 3.png"]
    (films / "odd [1].png").touch()
    assert names(films / "odd [1].png") == ["odd [1].png"], "a name that looks like a glob"
    with pytest.raises(UsageError, match="matches no file"):
        film_paths([str(films / "*.tiff")])


def test_a_csv_gives_its_paths(films: Path) -> None:
    table = films / "list.csv"
    table.write_text("label,path\nA,film 1.png\nB,\nC,film 0.png\n", "utf-8")
    assert list(film_paths([str(table)])) == [films / "film 1.png", films / "film 0.png"]
    table.write_text("file\nx.png\n")
    with pytest.raises(UsageError, match="no column 'path'"):
        film_paths([str(table)])
    with pytest.raises(UsageError, match="cannot be read"):
        film_paths([str(films / "missing.csv")])


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("a.png\n\n b c.png\n"))
    assert names("-") == ["a.png", " b c.png"], "a name may begin with a space"


@pytest.mark.parametrize(
    "text",
    [
        "Path,label\none.png,a\nin/two.png,b\n",
        " PATH ,label\r\none.png,a\r\nin\\two.png,b\r\n",
        "label;path\na;one.png\nb;in\\two.png\n",
        "label\tpath\na\t./one.png\nb\tin/two.png\n",
    ],
)
def test_a_csv_as_other_programs_write_it(tmp_path: Path, text: str) -> None:
    table = tmp_path / "list.csv"
    table.write_text(text)
    assert list(film_paths([str(table)])) == [tmp_path / "one.png", tmp_path / "in/two.png"]


def test_a_backslash_in_a_name_is_part_of_it(tmp_path: Path) -> None:
    (tmp_path / "a\\b.png").touch()
    (tmp_path / "list.csv").write_text("path\na\\b.png\n")
    assert list(film_paths([str(tmp_path / "list.csv")])) == [tmp_path / "a\\b.png"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("film,label\na.png,1\n", "no column 'path'.*it has: film, label"),
        ("label,path\nx,a.png\ny\n", "line 3 ends before"),
        ('path,label\n"a.png,x\nb.png,y\n', "is not a CSV at line 2"),
    ],
)
def test_csvs_that_are_refused_name_the_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "list.csv").write_text(text)
    with pytest.raises(UsageError, match=message):
        film_paths([str(tmp_path / "list.csv")])
