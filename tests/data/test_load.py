"""From a path to a Dataset, with bad files among the good ones."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from radistill.config import DataConfig
from radistill.data import load_dataset
from radistill.data.external_data import ExternalData, read_external
from radistill.data.sources import FilmColumns
from radistill.errors import UsageError

DEFAULT = DataConfig()


def test_kaggle_folder(kaggle) -> None:
    dataset = load_dataset(kaggle, DEFAULT, 0)
    assert dataset.name == "chest"
    assert dataset.classes == ("NORMAL", "PNEUMONIA")
    assert dataset.positive == "PNEUMONIA"
    assert dataset.positive_index == 1
    assert dataset.patients_known
    assert not dataset.leaking
    assert len(dataset.films) == 120
    assert {film.split for film in dataset.films} == {"train", "val", "test"}
    for film in dataset.films[::17]:
        content = (kaggle / film.path).read_bytes()
        assert film.sha256 == hashlib.sha256(content).hexdigest()
        assert (film.width, film.height) == (36, 30)
        with Image.open(kaggle / film.path) as image:
            assert np.array_equal(dataset.pixels(film.path), np.asarray(image))
    assert set(dataset.perceptual_hashes) == {film.sha256 for film in dataset.films}


def test_bad_files_are_skipped_and_listed(kaggle) -> None:
    (kaggle / "train" / "NORMAL" / "empty.jpeg").touch()
    (kaggle / "train" / "NORMAL" / "notes.txt").write_text("not an image")
    (kaggle / "test" / "PNEUMONIA" / "gone.jpeg").symlink_to(kaggle / "nowhere")
    half = (kaggle / "train" / "NORMAL" / "IM-0001-0001.jpeg").read_bytes()
    (kaggle / "train" / "NORMAL" / "IM-0001-0001.jpeg").write_bytes(half[: len(half) // 2])
    dataset = load_dataset(kaggle, DEFAULT, 0)
    codes = {bad.path.split("/")[-1]: bad.code for bad in dataset.unreadable}
    assert codes.pop("IM-0001-0001.jpeg") in ("truncated", "unreadable")
    assert codes == {"empty.jpeg": "empty", "notes.txt": "not-an-image", "gone.jpeg": "missing"}
    assert len(dataset.films) == 119


def test_too_many_bad_files(kaggle) -> None:
    for n in range(9):
        (kaggle / "train" / "NORMAL" / f"empty{n}.jpeg").touch()
    with pytest.raises(UsageError, match=r"9 of 129 files cannot be read(.|\n)*and 4 more"):
        load_dataset(kaggle, DEFAULT, 0)
    assert len(load_dataset(kaggle, DataConfig(max_unreadable=0.1), 0).unreadable) == 9


def test_no_good_file_at_all(tmp_path) -> None:
    for label in ("NORMAL", "PNEUMONIA"):
        (tmp_path / label).mkdir()
        (tmp_path / label / "a.png").touch()
    with pytest.raises(UsageError, match="2 of 2 files cannot be read"):
        load_dataset(tmp_path, DataConfig(max_unreadable=1), 0)


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        ([f"NORMAL/{n}.png" for n in range(9)], "only one class, NORMAL"),
        ([*(f"NORMAL/{n}.png" for n in range(9)), "PNEUMONIA/1.png"], "class PNEUMONIA has 1"),
        ([f"{c}/{n}.png" for n in range(9) for c in "ab"], "--set data.positive="),
    ],
)
def test_classes_that_cannot_be_studied(tmp_path, write_films, paths, message) -> None:
    with pytest.raises(UsageError, match=message):
        load_dataset(write_films(tmp_path, paths), DEFAULT, 0)


def test_flat_folder_without_patients(tmp_path, write_films) -> None:
    root = write_films(tmp_path / "x", [f"{c}/{n}.png" for n in range(12) for c in ("sick", "no")])
    dataset = load_dataset(root, DEFAULT, 0)
    assert not dataset.patients_known
    assert len({film.patient for film in dataset.films}) == 24
    assert any("Patients are unknown" in note for note in dataset.notes)
    assert any("no test films" in note for note in dataset.notes)


def test_table_with_a_whole_split_is_taken_as_given(tmp_path, write_films) -> None:
    rows = ["path,label,patient,split"]
    for n in range(12):
        split = ("train", "train", "val", "test")[n // 2 % 4]
        rows.append(f"{n}.png,{'normal' if n % 2 else 'sick'},p{n},{split}")
    write_films(tmp_path, [f"{n}.png" for n in range(12)])
    (tmp_path / "films.csv").write_text("\n".join(rows))
    dataset = load_dataset(tmp_path / "films.csv", DEFAULT, 0)
    assert Counter(film.split for film in dataset.films) == {"train": 8, "val": 2, "test": 2}
    assert [film.patient for film in dataset.films][:2] == ["p0", "p1"]


def test_medmnist(tmp_path) -> None:
    rng = np.random.default_rng(0)
    arrays = {}
    for split, n in (("train", 20), ("val", 6), ("test", 8)):
        arrays[f"{split}_images"] = rng.integers(0, 256, (n, 28, 28), dtype=np.uint8)
        arrays[f"{split}_labels"] = (np.arange(n) % 2)[:, None]
    np.savez_compressed(tmp_path / "pneumoniamnist.npz", **arrays)
    dataset = load_dataset(tmp_path / "pneumoniamnist.npz", DEFAULT, 0)
    assert dataset.classes == ("normal", "pneumonia")
    assert [len(dataset.split(name)) for name in ("train", "val", "test")] == [20, 6, 8]
    film = dataset.split("test")[7]
    assert film.path == "test/7"
    assert film.sha256 == hashlib.sha256(arrays["test_images"][7].tobytes()).hexdigest()
    assert np.array_equal(dataset.pixels(film.path), arrays["test_images"][7])


def test_phantoms_are_marked(kaggle) -> None:
    (kaggle / "phantom.json").write_text("{}")
    assert load_dataset(kaggle, DEFAULT, 0).synthetic


@pytest.mark.data
def test_the_real_set(shared: Path) -> None:
    start = time.monotonic()
    dataset = load_dataset(shared / "data" / "chest_xray", DataConfig(validation="block"), 0)
    assert time.monotonic() - start < 60
    counts = Counter((film.split == "test", film.label) for film in dataset.films)
    assert counts == {
        (False, "NORMAL"): 1341,
        (False, "PNEUMONIA"): 3875,
        (True, "NORMAL"): 234,
        (True, "PNEUMONIA"): 390,
    }
    assert not dataset.leaking
    assert not dataset.unreadable
    again = load_dataset(shared / "data" / "chest_xray", DataConfig(protocol="patient"), 0)
    assert not again.leaking


def test_a_film_in_train_and_test_under_other_names_is_a_leak(tmp_path, write_films) -> None:
    """Byte for byte, and in another format, where names tell no patients."""
    names = [f"{s}/{c}/{s}{n}.png" for s in ("train", "test") for c in "AB" for n in range(9)]
    root = write_films(tmp_path / "set", names)
    assert not load_dataset(root, DataConfig(positive="B"), 0).leaking
    one, other = root / "train/A/train1.png", root / "test/A/other.jpeg"
    shutil.copy(one, other)
    with pytest.raises(UsageError, match=r"test/A/other\.jpeg in test and train/A/train1\.png in"):
        load_dataset(root, DataConfig(positive="B"), 0)
    with Image.open(one) as film:
        film.save(other, "BMP")
    with pytest.raises(UsageError, match="nearly the same picture"):
        load_dataset(root, DataConfig(positive="B"), 0)
    marked = load_dataset(root, DataConfig(positive="B", allow_leak=True), 0)
    assert marked.leaking
    anew = load_dataset(root, DataConfig(positive="B", protocol="patient"), 0)
    assert not anew.leaking
    splits = {film.path: film.split for film in anew.films}
    assert splits["train/A/train1.png"] == splits["test/A/other.jpeg"]


def test_a_set_that_is_all_test_judges_but_does_not_train(kaggle, tmp_path) -> None:
    shutil.rmtree(kaggle / "train")
    with pytest.raises(UsageError, match=r"all films are of the test split.*radistill evaluate"):
        load_dataset(kaggle, DEFAULT, 0)
    classes = ("NORMAL", "PNEUMONIA")
    for split in (None, "test"):
        data = ExternalData(kaggle, split=split)
        dataset, _ = read_external(data, DEFAULT, classes, classes[1], size=16, cache=tmp_path)
        assert len(dataset.films) == 40


def test_splits_in_some_rows_are_refused(tmp_path, write_films) -> None:
    write_films(tmp_path, ["1.png", "2.png"])
    (tmp_path / "films.csv").write_text("path,label,split\n1.png,a,train\n2.png,b,\n")
    with pytest.raises(UsageError, match="1 of 2 rows have no split"):
        load_dataset(tmp_path / "films.csv", DEFAULT, 0)


def test_a_table_of_others_is_read_by_its_columns(kaggle, tmp_path) -> None:
    rows = [f"{p.stem},{int(p.parent.name == 'PNEUMONIA')}" for p in kaggle.rglob("*.jpeg")]
    (tmp_path / "table.csv").write_text("\n".join(["Image,Target", *rows]))
    columns = FilmColumns("Image", "Target", classes={"0": "healthy", "1": "ill"})
    dataset = load_dataset(kaggle, DEFAULT, 0, tmp_path / "table.csv", columns=columns)
    assert dataset.classes == ("healthy", "ill")
    assert len(dataset.films) == 120


def test_masks_are_warned_of_in_any_layout(kaggle) -> None:
    for n, kind in enumerate(("png", "jpeg", "tiff")):
        ellipse = Image.new("L", (200, 150))
        ImageDraw.Draw(ellipse).ellipse((20 + n, 20, 90, 130), fill=255)
        ellipse.save(kaggle / "train" / "NORMAL" / f"IM-009{n}-0001.{kind}")
    for _ in range(2):
        dataset = load_dataset(kaggle, DEFAULT, 0, cache=kaggle.parent / "cache", sizes=[16])
        (note,) = [note for note in dataset.local_notes if "black and white" in note]
        assert "3 pictures in black and white only" in note
        assert "train/NORMAL/IM-0090-0001.png" in note
    assert not any("IM-0090" in note for note in dataset.notes)


def test_what_leaks_is_named_to_the_user_and_not_on_the_card(tmp_path, write_films) -> None:
    films = [f"{s}/{c}/{p}.png" for s in ("train", "test") for c in "AB" for p in "1234"]
    write_films(tmp_path, films)
    config = DataConfig(patient_regex=r"(?P<patient>\w/\d)\.png", positive="B")
    with pytest.raises(UsageError, match=r"8 patients are in more than one .*A/1 in"):
        load_dataset(tmp_path, config, 0)
    allowed = config.model_copy(update={"allow_leak": True})
    notes = " ".join(load_dataset(tmp_path, allowed, 0).notes)
    assert "Leaking: 8 patients" in notes
    assert "A/1" not in notes
