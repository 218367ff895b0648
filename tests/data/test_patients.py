"""Patients from file names."""

from __future__ import annotations

from pathlib import Path

import pytest

from radistill.data.patients import identify, kaggle_patient
from radistill.data.sources import ListedFilm
from radistill.errors import UsageError


@pytest.mark.parametrize(
    ("name", "patient", "subtype"),
    [
        ("person123_bacteria_4.jpeg", "bacteria-123", "bacteria"),
        ("person123_virus_4.jpeg", "virus-123", "virus"),
        ("person1_virus_2_1.jpeg", "virus-1", "virus"),
        ("person12_bacteria_34 (1).jpeg", "bacteria-12", "bacteria"),
        ("IM-0115-0001.jpeg", "IM-0115", ""),
        ("IM-0439-0001-0002.jpeg", "IM-0439", ""),
        ("NORMAL2-IM-0927-0001.jpeg", "NORMAL2-IM-0927", ""),
    ],
)
def test_kaggle_names(name: str, patient: str, subtype: str) -> None:
    assert kaggle_patient(name) == (patient, subtype)


@pytest.mark.parametrize("name", ["film.png", "person_bacteria_1.png", "person1.png", "IM.png"])
def test_other_names(name: str) -> None:
    assert kaggle_patient(name) is None


def test_one_number_in_two_series_is_two_patients() -> None:
    names = [
        "person7_bacteria_1.jpeg",
        "person7_virus_1.jpeg",
        "IM-0007-1.jpeg",
        "NORMAL2-IM-0007-1.jpeg",
    ]
    entries, _, known = identify([ListedFilm(name, "x") for name in names], None)
    assert len({entry.patient for entry in entries}) == 4
    assert known


def entries(*paths: str) -> list[ListedFilm]:
    return [ListedFilm(path, "x") for path in paths]


def test_a_stranger_among_kaggle_names_is_its_own_patient() -> None:
    films = entries(*(f"a/person{n}_virus_1.jpeg" for n in range(30)), "a/odd.png")
    named, notes, known = identify(films, None)
    assert named[-1].patient == "a/odd.png"
    assert known
    assert any("1 of 31" in note for note in notes)


def test_without_names_each_image_is_a_patient_and_a_note_says_so() -> None:
    named, notes, known = identify(entries("a.png", "b.png", "IM-0001-0001.png"), None)
    assert [entry.patient for entry in named] == ["a.png", "b.png", "IM-0001-0001.png"]
    assert not known
    assert "Patients are unknown" in notes[0]


def test_regular_expression_with_subtype() -> None:
    films = entries("a/p01_left_x.png", "a/p01_right_y.png", "a/else.png")
    named, notes, known = identify(films, r"(?P<patient>p\d+)_(?P<subtype>[a-z]+)")
    assert [(e.patient, e.subtype) for e in named] == [
        ("p01", "left"),
        ("p01", "right"),
        ("a/else.png", ""),
    ]
    assert known
    assert any("1 of 3" in note for note in notes)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("(", "is no regular expression"),
        (r"\d+", "needs a group named patient"),
        (r"(?P<patient>zzz)", "matches no path, such as a1.png"),
        (r"(?P<patient>z*)", "matches no path"),
    ],
)
def test_bad_regular_expressions(expression: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        identify(entries("a1.png"), expression)


def test_a_given_patient_stands() -> None:
    films = [ListedFilm("person1_virus_2.png", "x", patient="Ann"), ListedFilm("b.png", "x")]
    named, _, _ = identify(films, r"person(?P<patient>\d+)|(?P<other>b)")
    assert named[0].patient == "Ann"


@pytest.mark.data
def test_real_names_leak_only_when_read_naively(shared: Path) -> None:
    """The data page's count: 170 of 202 numbers in test seem to leak, none does."""
    root = shared / "data" / "chest_xray"
    patients: dict[str, set[str]] = {}
    numbers: dict[str, set[str]] = {}
    for split in ("train", "test"):
        found = [kaggle_patient(film.name) for film in (root / split).rglob("*.jpeg")]
        assert all(found)
        ids = {who for who, _ in filter(None, found)}
        patients[split] = ids
        numbers[split] = {w.split("-")[1] for w in ids if w.startswith(("bacteria", "virus"))}
    assert not patients["train"] & patients["test"]
    assert len(numbers["test"]) == 202
    assert len(numbers["train"] & numbers["test"]) == 170
