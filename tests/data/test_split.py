"""Splits: no patient in two, every class in each, the same for a seed, the right block."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radistill.config import DataConfig
from radistill.data.copies import Copies
from radistill.data.draw import apportion, by_patient, draw, natural
from radistill.data.manifest import Film
from radistill.data.patients import kaggle_patient
from radistill.data.split import Split, crossing_patients, make_split
from radistill.errors import UsageError


def film(path: str, label: str, patient: str, split: str = "", subtype: str = "") -> Film:
    return Film(path, label, subtype, patient, split, path, 8, 8)


def cohort(sizes: dict[str, int], films_each: int = 2) -> list[Film]:
    return [
        film(f"{label}/{n}-{m}", label, f"{label}-{n}")
        for label, count in sizes.items()
        for n in range(1, count + 1)
        for m in range(films_each)
    ]


def kaggle_films(names: list[str]) -> list[Film]:
    films = []
    for name in names:
        split, label, file = name.split("/")
        patient, subtype = kaggle_patient(file) or ("", "")
        films.append(film(name, label, patient, split, subtype))
    return films


def split(films: list[Film], seed: int = 0, keep_val: bool = False, **config: Any) -> Split:
    return make_split(films, DataConfig(**config), seed, keep_val)


@given(st.lists(st.integers(1, 50), min_size=1, max_size=8), st.floats(0, 1))
def test_apportion(sizes: list[int], part: float) -> None:
    """Quota rule: every share is its exact quota rounded down or up, and the total is exact."""
    total = round(part * sum(sizes))
    shares = apportion(total, sizes)
    assert sum(shares) == total
    for share, size in zip(shares, sizes, strict=True):
        assert abs(share - total * size / sum(sizes)) < 1
        assert share <= size


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.dictionaries(st.sampled_from("ABCD"), st.integers(3, 30), min_size=2),
    films_each=st.integers(1, 3),
    seed=st.integers(0, 5),
    test=st.floats(0.05, 0.6),
    val=st.floats(0.05, 0.45),
    how=st.sampled_from(["random", "block"]),
)
def test_patient_split(
    sizes: dict[str, int], films_each: int, seed: int, test: float, val: float, how: str
) -> None:
    films = cohort(sizes, films_each)
    done = split(
        films, seed, protocol="patient", test_fraction=test, val_fraction=val, validation=how
    )
    assert not done.leaking
    assert not crossing_patients(done.films)
    assert [f.path for f in done.films] == [f.path for f in films]
    for name in ("train", "val", "test"):
        assert {f.label for f in done.films if f.split == name} == set(sizes)
    for label, count in sizes.items():
        drawn = len({f.patient for f in done.films if f.split == "test" and f.label == label})
        assert drawn == min(max(round(test * count), 1), count - 2)


def test_same_seed_same_split_whatever_the_order() -> None:
    films = cohort({"A": 20, "B": 30})
    one = {f.path: f.split for f in split(films, 3, protocol="patient").films}
    two = {f.path: f.split for f in split(films[::-1], 3, protocol="patient").films}
    other = {f.path: f.split for f in split(films, 4, protocol="patient").films}
    assert one == two
    assert one != other


def test_the_split_is_pinned() -> None:
    """A change of the generator would silently make old figures incomparable."""
    units = by_patient(cohort({"A": 8, "B": 8}))
    assert sorted(draw(units, 0.25, seed=0)) == ["A-4", "A-7", "B-4", "B-5"]


def test_subtypes_are_stratified() -> None:
    films = [
        film(f"s{n}", "sick", f"s{n}", subtype="virus" if n % 3 else "bacteria") for n in range(90)
    ]
    films += [film(f"w{n}", "well", f"w{n}") for n in range(40)]
    done = split(films, protocol="patient", test_fraction=0.2, val_fraction=0.25)
    count = Counter((f.split, f.subtype) for f in done.films if f.label == "sick")
    assert count["test", "virus"] == 12
    assert count["test", "bacteria"] == 6
    assert count["val", "virus"] == 12
    assert count["val", "bacteria"] == 6


def test_official_keeps_test_and_folds_val(kaggle_names) -> None:
    films = kaggle_films(kaggle_names)
    films += [film("val/NORMAL/x", "NORMAL", "IM-0900", "val")]
    done = split(films, val_fraction=0.2)
    for before, after in zip(films, done.films, strict=True):
        assert (before.split == "test") == (after.split == "test")
    assert any("folded into train" in note for note in done.notes)
    assert not done.leaking


def test_block_takes_the_lowest_numbers_of_each_series(kaggle_names) -> None:
    done = split(kaggle_films(kaggle_names), val_fraction=0.2, validation="block")
    assert {f.patient for f in done.films if f.split == "val"} == {
        "IM-0001",
        "IM-0002",
        "NORMAL2-IM-0001",
        "NORMAL2-IM-0002",
        "bacteria-1",
        "bacteria-2",
        "virus-21",
        "virus-22",
    }


def test_block_counts_numbers_as_numbers() -> None:
    assert sorted(["v-10", "v-9", "v-2"], key=natural) == ["v-2", "v-9", "v-10"]


def test_a_given_split_stands() -> None:
    films = [
        film(f"{s}{n}", "AB"[n % 2], f"{s}{n}", s)
        for s in ("train", "val", "test")
        for n in range(4)
    ]
    assert split(films, keep_val=True).films == films


def test_without_test_films_official_makes_some_and_says_so() -> None:
    done = split(cohort({"A": 10, "B": 10}))
    assert {f.split for f in done.films} == {"train", "val", "test"}
    assert "names no test films" in done.notes[0]


def leaking_films() -> list[Film]:
    films = [film(f"tr{n}", "AB"[n % 2], f"p{n}", "train") for n in range(20)]
    return films + [film(f"te{n}", "AB"[n % 2], f"p{n + 19}", "test") for n in range(4)]


def test_a_leak_in_a_given_split_is_refused_or_marked() -> None:
    with pytest.raises(UsageError, match=r"1 patient is.*\(p19 in test and train\).*--allow-l"):
        split(leaking_films(), seed=1)
    done = split(leaking_films(), seed=1, allow_leak=True)
    assert done.leaking
    assert "Leaking" in done.notes[0]
    assert not split(leaking_films(), protocol="patient").leaking


def test_image_protocol_leaks_and_says_so() -> None:
    films = cohort({"A": 20, "B": 20}, films_each=3)
    done = split(films, protocol="image", test_fraction=0.3, val_fraction=0.1)
    assert done.leaking
    assert "Leaking" in done.notes[0]
    assert sum(f.split == "test" for f in done.films) == 36
    assert not split(cohort({"A": 20, "B": 20}, 1), protocol="image").leaking


def test_too_few_patients() -> None:
    with pytest.raises(UsageError, match="class B has 1 patient to split; at least 3"):
        split(cohort({"A": 9, "B": 1}))
    given_test = [film(f"t{n}", "AB"[n % 2], f"t{n}", "test") for n in range(4)]
    train = [
        film(f"{f.label}{f.path}", f.label, f.patient, "train") for f in cohort({"A": 9, "B": 1})
    ]
    with pytest.raises(UsageError, match="class B has 1 patient to split; at least 2"):
        split(train + given_test)


def test_labels_that_train_lacks() -> None:
    films = [film(f"tr{n}", "AB"[n % 2], f"p{n}", "train") for n in range(20)]
    strange = [film("te1", "A", "q1", "test"), film("te2", "C", "q2", "test")]
    with pytest.raises(UsageError, match="the test films have classes that train lacks: C"):
        split(films + strange)
    with pytest.raises(UsageError, match="the test films are all of one class"):
        split([*films, film("te1", "A", "q1", "test")])


def test_no_test_fraction() -> None:
    with pytest.raises(UsageError, match="test_fraction is 0"):
        split(cohort({"A": 9, "B": 9}), test_fraction=0)


def same(a: int, b: int, bits: int = 0) -> Copies:
    return Copies(a, b, bits, exact=bits == 0)


def test_copies_on_both_sides_of_a_given_split_are_refused_or_marked() -> None:
    films = [film(f"tr{n}", "AB"[n % 2], f"p{n}", "train") for n in range(20)]
    films += [film(f"te{n}", "AB"[n % 2], f"q{n}", "test") for n in range(4)]
    config = DataConfig()
    for pair, how in ((same(3, 21), "the same bytes"), (same(3, 21, 9), "nearly the same picture")):
        with pytest.raises(UsageError, match=rf"tr3 in \w+ and te1 in test, {how}.*--allow-leak"):
            make_split(films, config, 1, keep_val=False, copies=[pair])
        marked = make_split(films, DataConfig(allow_leak=True), 1, keep_val=False, copies=[pair])
        assert marked.leaking
        assert "Leaking: 1 film has a copy" in marked.notes[0]
        anew = make_split(films, DataConfig(protocol="patient"), 1, keep_val=False, copies=[pair])
        assert not anew.leaking
        assert anew.films[3].split == anew.films[21].split
    image = DataConfig(protocol="image", test_fraction=0.5)
    every = [same(row, row + 1) for row in range(23)]
    assert make_split(films, image, 1, keep_val=False, copies=every).leaking
    assert not make_split(films, image, 1, keep_val=False).leaking


@pytest.mark.parametrize("how", ["random", "block", "prefix"])
def test_validation_is_drawn_with_copies_together(how: str) -> None:
    """Wherever it cuts, no film of train has a copy in val; the test films stay to the film."""
    films = [film(f"tr{n}", "AB"[n % 2], f"{'xyab'[n % 4]}-{n}", "train") for n in range(40)]
    films += [film(f"te{n}", "AB"[n % 2], f"q-{n}", "test") for n in range(4)]
    chain = [same(row, row + 2, 5) for row in range(0, 12, 2)] + [same(40, 42)]
    crossing = 0
    for seed in range(8):
        config = DataConfig(validation=how, val_fraction=0.3)
        plain = make_split(films, config, seed, keep_val=False)
        done = make_split(films, config, seed, keep_val=False, copies=chain)
        crossing += any(plain.films[p.a].split != plain.films[p.b].split for p in chain)
        assert not any(done.films[p.a].split != done.films[p.b].split for p in chain)
        assert not done.leaking
        assert [f.path for f in done.films if f.split == "test"] == ["te0", "te1", "te2", "te3"]
        apart = [row for row in range(40) if row % 2 or row > 12]
        assert [plain.films[row] for row in apart] == [done.films[row] for row in apart]
    assert crossing  # or the copies would have been together without being kept so


def test_the_protocol_is_what_was_done() -> None:
    films = cohort({"A": 10, "B": 10})
    assert split(films).protocol == "patient"  # official, but the set names no test films
    with_test = [replace(f, split="test" if f.patient.endswith("-1") else "train") for f in films]
    assert split(with_test).protocol == "official"
    assert split(with_test, protocol="patient").protocol == "patient"
    assert split(films, protocol="image").protocol == "image"
