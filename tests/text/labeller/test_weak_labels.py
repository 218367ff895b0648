"""labels.csv as a study takes it."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radistill.data.sources import open_source
from radistill.errors import UsageError
from radistill.text.labeller.labeller import load_labeller
from radistill.text.labeller.weak_labels import label_reports, safe, safe_path
from radistill.text.nlp.sections import Report
from radistill.text.read.collection import ReportCollection, ReportRecord
from radistill.text.read.films import find_film, index_films

CLEAR = Report(findings="Lungs are clear. Heart size is normal.")
ILL = Report(findings="Right lower lobe pneumonia.")
OTHER = Report(findings="Cardiomegaly. Granuloma.")


def reports(*found: tuple[str, Report]) -> ReportCollection:
    records = tuple(ReportRecord(n, r, "", (n,), {"patient": f"p{n}"}) for n, r in found)
    return ReportCollection("r", records)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_study_takes_it_as_it_is(tmp_path: Path) -> None:
    for name in ("a/1.png", "=2.png", "3.jpeg", "4.png"):
        (tmp_path / "films" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "films" / name).touch()
    found = reports(("1", CLEAR), ("=2", ILL), ("3.jpeg", ILL), ("4", OTHER), ("5", CLEAR))
    out = tmp_path / "labels.csv"
    done = label_reports(found, load_labeller("builtin"), out, images=tmp_path / "films")
    assert done.labels == {"NORMAL": 2, "PNEUMONIA": 2}
    assert done.left_out == {"other-finding": 1}
    assert done.failed == (("film 5", "no such film"),)
    assert "./=2.png" in {row["path"] for row in rows(out)}, "no spreadsheet runs it"
    source = open_source(tmp_path / "films", out)
    assert {(e.path, e.label, e.patient) for e in source.films} == {
        ("a/1.png", "NORMAL", "p1"), ("=2.png", "PNEUMONIA", "p=2"),
        ("3.jpeg", "PNEUMONIA", "p3.jpeg"),
    }  # fmt: skip
    assert all(0.5 <= float(row["probability"]) <= 1 for row in rows(out))
    (left,) = rows(done.left_out_file)
    assert (left["id"], left["reasons"]) == ("4", "other-finding")


def test_every_report_stands_in_one_of_the_two_files(tmp_path: Path) -> None:
    found = reports(*((str(i), (CLEAR, ILL, OTHER, Report())[i % 4]) for i in range(20)))
    done = label_reports(found, load_labeller("builtin"), tmp_path / "labels.csv")
    written = [r["path"] for r in rows(tmp_path / "labels.csv")] + [
        r["id"] for r in rows(done.left_out_file)
    ]
    assert sorted(written) == sorted(record.id for record in found.records)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_no_cell_is_a_formula(text: str) -> None:
    assert not safe(text).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert safe(text).endswith(text)
    assert not safe_path(text).startswith(("=", "+", "-", "@", "\t", "\r"))


def test_films_by_name(tmp_path: Path) -> None:
    for name in ("x/1.png", "y/1.png", "y/2.JPG", "y/2.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    films = index_films(tmp_path)
    for name in ("y/2", "2", "2.JPG", "y\\2.JPG", "./y/2.JPG"):
        assert find_film(films, name) == "y/2.JPG"
    assert find_film(films, "x/1") == "x/1.png"
    with pytest.raises(ValueError, match="2 films have"):
        find_film(films, "1")
    with pytest.raises(ValueError, match="no such"):
        find_film(films, "3")


def test_folders_without_images(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(UsageError, match="images"):
            index_films(folder)
