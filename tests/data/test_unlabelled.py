"""Films without labels: hidden labels, empty cells, folders; and which of them may be used."""

from __future__ import annotations

import shutil
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from radistill.config import DataConfig
from radistill.data import Dataset, load_dataset
from radistill.data.audit import audit
from radistill.data.sources import FilmColumns
from radistill.data.targets import targets_of
from radistill.data.training_films import TrainingFilms
from radistill.errors import UsageError


def load(root: Path, *folders: Path, **config: object) -> Dataset:
    return load_dataset(root, DataConfig.model_validate(config), 0, unlabelled=folders)


def paths(dataset: Dataset, split: str) -> set[str]:
    return {film.path for film in dataset.split(split)}


def write_table(root: Path, dataset: Dataset, name: str = "films.csv") -> Path:
    """The films of `dataset` as a table, unlabelled ones with an empty label."""
    rows = [f"{f.path},{f.label},{f.patient},{f.split}" for f in dataset.films]
    file = root / name
    file.write_text("path,label,patient,split\n" + "\n".join(rows))
    return file


def copy_of(film: Path, to: Path) -> None:
    """A film with other bytes, under a name that tells nothing."""
    to.parent.mkdir(parents=True, exist_ok=True)
    with Image.open(film) as image:
        grey = np.array(image)
    grey[0, 0] ^= 8
    Image.fromarray(grey).save(to, "PNG")


@pytest.mark.parametrize("protocol", ["official", "patient", "image"])
@pytest.mark.parametrize("fraction", [0.2, 0.5, 0.9])
def test_a_fraction_keeps_the_labels_of_that_share_of_the_patients(
    kaggle: Path, protocol: str, fraction: float
) -> None:
    config = {"protocol": protocol, "validation": "random", "val_fraction": 0.2}
    whole, part = load(kaggle, **config), load(kaggle, **config, label_fraction=fraction)
    assert part.split("test") == whole.split("test")
    assert paths(part, "train") < paths(whole, "train")
    assert paths(part, "val") <= paths(whole, "val")
    for split in ("train", "val"):
        assert {film.label for film in part.split(split)} == {"NORMAL", "PNEUMONIA"}
        for label in ("NORMAL", "PNEUMONIA"):
            kept, all_ = (
                len({f.patient for f in d.split(split) if f.label == label}) for d in (part, whole)
            )
            assert abs(kept - fraction * all_) < 1
    assert all((film.label, film.subtype) == ("", "") for film in part.split("unlabelled"))
    if protocol != "image":
        held = {film.patient for film in part.split("val") + part.split("test")}
        assert held.isdisjoint({film.patient for film in part.split("unlabelled")})
        assert {f.path for f in part.films} == {f.path for f in whole.films}
        splits = defaultdict(set)
        for film in part.films:
            splits[film.patient].add(film.split)
        assert all(len(where) == 1 for where in splits.values())


def test_the_share_depends_on_the_seed_alone(kaggle: Path) -> None:
    config = DataConfig(label_fraction=0.4)
    one, two, other = (load_dataset(kaggle, config, seed) for seed in (0, 0, 1))
    assert one.films == two.films
    assert paths(one, "train") != paths(other, "train")


def test_a_fraction_needs_two_patients_of_each_class(write_films, tmp_path: Path) -> None:
    """12 patients of one class, 6 of the other: two of six are a third."""
    names = [f"train/a/p{n}-1.png" for n in range(12)] + [f"train/b/q{n}-1.png" for n in range(6)]
    names += ["test/a/t1-1.png", "test/b/t2-1.png"]
    root = write_films(tmp_path / "set", names)
    config = {"patient_regex": r"(?P<patient>[pqt]\d+)-", "positive": "b"}
    with pytest.raises(UsageError, match=r"class b with less than 2 of its 6 patients.*0\.3334"):
        load(root, **config, label_fraction=0.25)
    kept = load(root, **config, label_fraction=0.3334)
    for split in ("train", "val"):
        assert {film.label for film in kept.split(split)} == {"a", "b"}
    with pytest.raises(ValueError, match="greater than 0"):
        DataConfig(label_fraction=0)


def test_hidden_labels_are_as_if_they_had_never_been_there(kaggle: Path) -> None:
    """A table with empty cells, and one in which the hidden labels are wrong, read the same."""
    hidden = load(kaggle, label_fraction=0.3)
    empty = load(write_table(kaggle, hidden))
    assert empty.films == tuple(
        film if film.split == "unlabelled" else replaced
        for film, replaced in zip(hidden.films, empty.films, strict=True)
    )
    assert [(f.path, f.label, f.split) for f in empty.films] == [
        (f.path, f.label, f.split) for f in hidden.films
    ]
    assert audit(hidden).counts == audit(empty).counts
    assert audit(hidden).unlabelled == len(hidden.split("unlabelled")) > 0
    assert audit(hidden).subtypes["train"].keys() <= {"bacteria", "virus"}
    assert sum(audit(hidden).subtypes["train"].values()) < len(hidden.split("train"))
    assert targets_of(hidden, "label").indices(hidden.split("unlabelled")[:2]).tolist() == [-1, -1]


@pytest.mark.parametrize("name", ["more", "train"])
def test_a_folder_of_any_shape_is_read_below_its_name(
    kaggle: Path, tmp_path: Path, write_films, name: str
) -> None:
    """A name that the data folder has too is numbered."""
    more = write_films(tmp_path / name, ["x.png", "deep/er/y.png", "test/NORMAL/z.png"])
    write_films(more, ["masks/x.png"])
    dataset = load(kaggle, more)
    start = "more" if name == "more" else "train-2"
    assert paths(dataset, "unlabelled") == {
        f"{start}/{film}" for film in ("x.png", "deep/er/y.png", "test/NORMAL/z.png")
    }
    assert dataset.films[: len(load(kaggle).films)] == load(kaggle).films
    assert dataset.pixels(f"{start}/x.png").shape == (30, 36)
    assert any("patients" in note.lower() and name in note for note in dataset.local_notes)
    assert dataset.patients_known


def test_two_folders_of_one_name(kaggle: Path, tmp_path: Path, write_films) -> None:
    folders = [
        write_films(tmp_path / place / "more", [f"{place}.png"]) for place in ("here", "there")
    ]
    assert paths(load(kaggle, *folders), "unlabelled") == {"more/here.png", "more-2/there.png"}


def test_held_films_and_patients_and_labelled_content_are_left_out(
    kaggle: Path, tmp_path: Path, write_films
) -> None:
    whole = load(kaggle)
    first = {split: kaggle / whole.split(split)[0].path for split in ("train", "val", "test")}
    more = write_films(tmp_path / "more", ["new.png", "again.png", "person13_bacteria_999.jpeg"])
    shutil.copy(more / "new.png", more / "again.png")
    for split, film in first.items():
        copy_of(film, more / f"{split}-copy.png")
        shutil.copy(film, more / f"{split}-same.png")
    dataset = load(kaggle, more)
    assert len(paths(dataset, "unlabelled")) == 1, "one of new and again; person13 is of test"
    note = next(note for note in dataset.notes if "left out" in note)
    assert "5 of validation or test" in note
    assert "2 with the content of a labelled film" in note
    assert "1 that are there already" in note


def test_patients_of_a_folder_are_named_by_the_same_expression(tmp_path: Path, write_films) -> None:
    names = [f"{s}/{c}/{c}{s}{n}_0.png" for s in ("train", "test") for c in "ab" for n in range(4)]
    root = write_films(tmp_path / "set", names)
    more = write_films(tmp_path / "more", ["atest1_7.png", "elsewhere_7.png"])
    config = {"patient_regex": r"(?P<patient>[a-z]+\d*)_\d\.png$", "positive": "b"}
    assert paths(load(root, more, **config), "unlabelled") == {"more/elsewhere_7.png"}
    others = write_films(tmp_path / "others", ["no-number.png"])
    assert paths(load(root, others, **config), "unlabelled") == {"others/no-number.png"}


@pytest.mark.parametrize("fraction", [1.0, 0.5])
@pytest.mark.parametrize("part", ["test", "."])
def test_a_folder_of_which_none_can_be_used_is_refused(
    kaggle: Path, part: str, fraction: float, tmp_path: Path, write_films
) -> None:
    good = write_films(tmp_path / "good", ["new.png"])
    with pytest.raises(UsageError, match=r"none can be used: .* of validation or test"):
        load(kaggle, good, kaggle / part, label_fraction=fraction)


def test_folders_that_are_none_are_refused(kaggle: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="no images"):
        load(kaggle, tmp_path / "empty")
    with pytest.raises(UsageError, match="names a folder"):
        load(kaggle, tmp_path / "nowhere")


def test_rows_without_a_label(kaggle: Path) -> None:
    whole = load(kaggle)
    rows = write_table(kaggle, whole).read_text().splitlines()
    train = next(i for i, row in enumerate(rows) if row.endswith(",train"))
    path, _, patient, _ = rows[train].split(",")
    others = [row for row in rows[1:] if patient not in row]
    for split in ("", "train", "unlabelled"):
        (kaggle / "t.csv").write_text("\n".join([rows[0], *others, f"{path},,{patient},{split}"]))
        dataset = load(kaggle / "t.csv")
        assert paths(dataset, "unlabelled") == {path}
    for split, message in (("test", "no label"), ("val", "no label"), ("foo", "'foo' is unknown")):
        (kaggle / "t.csv").write_text("\n".join([rows[0], *others, f"{path},,{patient},{split}"]))
        with pytest.raises(UsageError, match=message):
            load(kaggle / "t.csv")


def test_rows_of_anothers_table_without_a_label(kaggle: Path) -> None:
    films = load(kaggle).films
    patient = next(film.patient for film in films if film.split == "train")
    gone = next(film.path for film in films if film.split == "test")
    rows = [
        f"{f.path},{'' if f.patient == patient or f.path == gone else f.label},{f.split}"
        for f in films
        if f.split != "val"
    ]
    (kaggle / "t.csv").write_text("\n".join(["Image,Finding,split", *rows]))
    columns = FilmColumns("Image", "Finding", classes={n: n for n in ("NORMAL", "PNEUMONIA")})
    dataset = load_dataset(kaggle, DataConfig(), 0, kaggle / "t.csv", columns=columns)
    assert paths(dataset, "unlabelled") == {f.path for f in films if f.patient == patient}
    assert gone not in {film.path for film in dataset.films}, "one of test is not trained on"


def test_an_unlabelled_film_counts_as_trained_on(kaggle: Path, tmp_path: Path, write_films) -> None:
    more = write_films(tmp_path / "more", ["x.png"])
    dataset = load(kaggle, more)
    known = TrainingFilms.of(dataset.films, dataset.perceptual_hashes)
    inside = known.contain(dataset.films, dataset.perceptual_hashes)
    assert Counter(f.split for f, yes in zip(dataset.films, inside, strict=True) if not yes) == {
        "test": len(dataset.split("test"))
    }
    assert np.count_nonzero(inside)
