"""What each kind of data set lists, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from radistill.data.sources import open_source
from radistill.errors import UsageError


def listed(root: Path, labels: Path | None = None) -> list[tuple[str, str, str]]:
    return [(e.path, e.label, e.split) for e in open_source(root, labels).films]


def test_split_folders_in_any_case(tmp_path, write_films) -> None:
    write_films(tmp_path, ["Train/A/1.png", "Train/B/2.png", "TEST/A/3.png", "valid/B/4.png"])
    assert sorted(listed(tmp_path)) == [
        ("TEST/A/3.png", "A", "test"),
        ("Train/A/1.png", "A", "train"),
        ("Train/B/2.png", "B", "train"),
        ("valid/B/4.png", "B", "val"),
    ]


def test_flat_folder_and_folders_within_a_class(tmp_path, write_films) -> None:
    write_films(tmp_path, ["A/1.png", "A/deeper/2.png", "B/3.png"])
    assert sorted(listed(tmp_path)) == [
        ("A/1.png", "A", ""),
        ("A/deeper/2.png", "A", ""),
        ("B/3.png", "B", ""),
    ]


@pytest.mark.parametrize("inner", ["train/A", "A"])
def test_a_folder_in_a_folder_as_archives_leave_it(tmp_path, write_films, inner) -> None:
    other = inner.replace("A", "B")
    write_films(tmp_path, [f"chest/chest/{inner}/1.png", f"chest/chest/{other}/2.png"])
    junk = tmp_path / "__MACOSX" / "chest"
    junk.mkdir(parents=True)
    (junk / "._1.png").write_bytes(b"x")
    assert [row[0] for row in listed(tmp_path)] == [
        f"chest/chest/{inner}/1.png",
        f"chest/chest/{other}/2.png",
    ]


def test_junk_is_ignored_and_other_folders_are_named(tmp_path, write_films) -> None:
    write_films(tmp_path, ["train/A/1.png", "train/B/2.png", "masks/A/1.png"])
    for name in (".DS_Store", "train/.DS_Store", "train/A/.DS_Store", "train/A/Thumbs.db"):
        (tmp_path / name).write_bytes(b"junk")
    source = open_source(tmp_path)
    assert len(source.films) == 2
    assert source.local_notes == ("Ignored in the data folder: masks.",)
    assert source.notes == ()  # which go with a model


def test_phantoms_are_marked(tmp_path, write_films) -> None:
    write_films(tmp_path / "set", ["train/A/1.png", "train/B/2.png"])
    assert not open_source(tmp_path / "set").synthetic
    (tmp_path / "set" / "phantom.json").write_text("{}")
    assert open_source(tmp_path / "set").synthetic
    assert open_source(tmp_path / "set" / "train").synthetic


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        ([], "no images found; expected train/CLASS/files"),
        (["1.png", "2.png"], "no folders of classes"),
        (["train/1.png"], "no folders of classes"),
        (["A/masks/1.png"], "no images found.*1 in A/masks"),
    ],
)
def test_folders_that_are_none(tmp_path, write_films, paths, message) -> None:
    with pytest.raises(UsageError, match=message):
        open_source(write_films(tmp_path, paths))


def test_missing_path_and_unknown_kind(tmp_path) -> None:
    with pytest.raises(UsageError, match="no such file or folder"):
        open_source(tmp_path / "nothing")
    (tmp_path / "data.xlsx").write_bytes(b"x")
    with pytest.raises(UsageError, match=r"expected a folder of images by class, a \.csv"):
        open_source(tmp_path / "data.xlsx")
    with pytest.raises(UsageError, match="goes with a folder"):
        open_source(tmp_path / "data.xlsx", tmp_path / "labels.csv")


def table(folder: Path, text: str, name: str = "films.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode("utf-8"))
    return path


def test_table_with_all_columns(tmp_path, write_films) -> None:
    write_films(tmp_path, ["a b/1.png", "2.png"])
    csv = table(
        tmp_path,
        "\ufeffPath, Label ,patient,SPLIT,subtype,age\r\n"
        '"a b/1.png",sick,p1,Training,virus,3\r\n\r\n'
        "2.png,well,p2,TEST,,4\r\n",
    )
    first, second = open_source(csv).films
    assert (first.path, first.label, first.patient) == ("a b/1.png", "sick", "p1")
    assert (first.split, first.subtype) == ("train", "virus")
    assert (second.split, second.subtype) == ("test", "")


def test_labels_for_a_folder(tmp_path, write_films) -> None:
    write_films(tmp_path / "films", ["x/1.png", "2.png"])
    csv = table(tmp_path, "path,label\nx\\1.png,a\n2.png,b\n")
    assert listed(tmp_path / "films", csv) == [("x/1.png", "a", ""), ("2.png", "b", "")]


def test_repeated_rows_count_once(tmp_path, write_films) -> None:
    write_films(tmp_path, ["1.png", "2.png"])
    source = open_source(table(tmp_path, "path,label\n1.png,a\n2.png,b\n1.png,a\n"))
    assert len(source.films) == 2
    assert source.notes == ("Rows of the CSV that repeat another are left out: 1.",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must name the column 'path'"),
        ("path,label\n", "has no rows"),
        ("file,label\n1.png,a\n", "must name the column 'path' once; it has: file, label"),
        ("path,class\n1.png,a\n", "must name the column 'label'"),
        ("path,label,label\n1.png,a,b\n", "must name the column 'label' once"),
        ("path,label\n1.png\n", "line 2 has 1 values, the header 2"),
        ("path,label\n1.png,a,b\n", "line 2 has 3 values"),
        ("path,label\n1.png,\n", r"line 2 \(1.png\) has no label"),
        ("path,label\n,a\n", "line 2 has no path"),
        ("path,label,split\n1.png,a,holdout\n", "split 'holdout' is unknown"),
        ('path,label\n1.png,"a\n2.png,b\n', "no CSV at line 2|is not a CSV at line 2"),
        ("path,label\n1.png,a\nnothing.png,a\n", "line 3: there is no file 'nothing.png'"),
        ("path,label\n../out.png,a\n", r"\.\./out.png points outside"),
        ("path,label\nlink.png,a\n", "link.png points outside"),
        ("path,label\n1.png,a\n1.png,b\n", "lines 2 and 3 name 1.png with different values"),
        ("path,label\n1\0.png,a\n", "is not a"),
    ],
)
def test_tables_that_are_refused(tmp_path, write_films, text, message) -> None:
    write_films(tmp_path, ["in/1.png", "in/2.png", "out.png"])
    (tmp_path / "in" / "link.png").symlink_to(tmp_path / "out.png")
    with pytest.raises(UsageError, match=message):
        open_source(table(tmp_path / "in", text))


def test_absolute_paths(tmp_path, write_films) -> None:
    write_films(tmp_path, ["set/1.png", "elsewhere/2.png"])
    text = f"path,label\n{tmp_path}/set/1.png,a\n{tmp_path}/elsewhere/2.png,b\n1.png,a\n"
    source = open_source(table(tmp_path / "set", text))
    assert [film.path for film in source.films] == ["1.png", f"{tmp_path}/elsewhere/2.png"]
    assert source.reader.content(source.films[1].path)
    with pytest.raises(UsageError, match=r"line 2: there is no file '/nowhere/1\.png'"):
        open_source(table(tmp_path / "set", "path,label\n/nowhere/1.png,a\n"))


SPELLINGS = ["in/1.png", "./in/1.png", "in//1.png", "in\\1.png", "IN/1.PNG", "in/../in/1.png"]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_film_is_one_however_its_path_is_written(tmp_path, write_films, spelling) -> None:
    write_films(tmp_path, ["in/1.png"])
    source = open_source(table(tmp_path, f"path,label\nin/1.png,a\n{spelling},a\n"))
    assert [film.path for film in source.films] == ["in/1.png"]
    with pytest.raises(UsageError, match=r"lines 2 and 3 name in/1\.png with different"):
        open_source(table(tmp_path, f"path,label\nin/1.png,a\n{spelling},b\n"))


@pytest.mark.parametrize("separator", [";", "\t"])
def test_other_separators(tmp_path, write_films, separator) -> None:
    write_films(tmp_path, ["1.png", "2.png"])
    text = "path,label\n1.png,a\n2.png,b\n".replace(",", separator)
    assert listed(table(tmp_path, text)) == [("1.png", "a", ""), ("2.png", "b", "")]


MASKS = {
    "the COVID-19 Radiography Database": ("{}/images/1.png", "{}/masks/1.png"),
    "beside films": ("{}/1.png", "{}/masks/1.png"),
    "deeper": ("{}/a/images/1.png", "{}/a/lung masks/1.png"),
    "by name of file": ("{}/1.png", "{}/1_mask.png"),
    "by name, numbered": ("{}/1.png", "{}/1-Mask-2.png"),
    "in front": ("{}/1.png", "{}/mask_1.png"),
    "glued": ("{}/1.png", "{}/1_lungmask.png"),
    "kinds at the top": ("images/{}/1.png", "masks/{}/1.png"),
    "kinds at the top of splits": ("images/train/{}/1.png", "Masks/train/{}/1.png"),
    "kinds in splits": ("train/images/{}/1.png", "train/masks/{}/1.png"),
    "splits": ("train/{}/images/1.png", "train/{}/infection masks/1.png"),
    "in a folder": ("set/set/{}/images/1.png", "set/set/{}/masks/1.png"),
    "camel case": ("{}/images/1.png", "{}/leftMask/1.png"),
    "segmentations": ("{}/images/1.png", "{}/segmentation/1.png"),
    "annotations": ("{}/images/1.png", "{}/annotations/1.xml"),
}


@pytest.mark.parametrize("layout", MASKS.values(), ids=MASKS)
def test_masks_are_no_films(tmp_path, write_films, layout) -> None:
    classes = ("COVID", "Normal")
    films = sorted(layout[0].format(name) for name in classes)
    masks = sorted(layout[1].format(name) for name in classes)
    write_films(tmp_path, films + masks)
    source = open_source(tmp_path)
    assert [(film.path, film.label) for film in source.films] == list(
        zip(films, classes, strict=True)
    )
    assert any(f"left out: 2 in {masks[0].rpartition('/')[0]}" in n for n in source.local_notes)


def test_films_that_are_no_masks(tmp_path, write_films) -> None:
    films = ["Masked/unmasked.png", "Normal/segment-2-lobe.png", "Normal/masking/1.png"]
    write_films(tmp_path, films)
    assert [film[0] for film in listed(tmp_path)] == films


@pytest.mark.parametrize("name", ["valid", "Validation", "dev", "val"])
def test_names_of_validation(tmp_path, write_films, name) -> None:
    write_films(tmp_path, [f"train/{c}/1.png" for c in "AB"] + [f"{name}/{c}/1.png" for c in "AB"])
    assert {film[2] for film in listed(tmp_path)} == {"train", "val"}
    csv = table(tmp_path, f"path,label,split\ntrain/A/1.png,a,training\ntrain/B/1.png,b,{name}\n")
    assert [film[2] for film in listed(csv)] == ["train", "val"]


def test_not_utf8(tmp_path) -> None:
    (tmp_path / "films.csv").write_bytes(b"path,label\n\xff\xfe,a\n")
    with pytest.raises(UsageError, match="is not UTF-8"):
        open_source(tmp_path / "films.csv")


def medmnist(folder: Path, name: str = "pneumoniamnist.npz", **arrays: np.ndarray) -> Path:
    rng = np.random.default_rng(0)
    given = {}
    for split, n in (("train", 12), ("val", 4), ("test", 6)):
        given[f"{split}_images"] = rng.integers(0, 256, (n, 28, 28), dtype=np.uint8)
        given[f"{split}_labels"] = (np.arange(n) % 2).astype(np.uint8)[:, None]
    np.savez(folder / name, **{**given, **arrays})
    return folder / name


def test_medmnist(tmp_path) -> None:
    file = medmnist(tmp_path)
    source = open_source(file)
    assert len(source.films) == 22
    assert source.keep_val
    entry = source.films[3]
    assert (entry.path, entry.label, entry.split) == ("train/3", "pneumonia", "train")
    expected = np.load(file)["test_images"][5]
    content = source.reader.content("test/5")
    assert content == expected.tobytes()
    assert np.array_equal(source.reader.pixels("test/5", content), expected)


def test_medmnist_of_other_kinds(tmp_path) -> None:
    colour = np.full((12, 28, 28, 3), 77, np.uint8)
    source = open_source(medmnist(tmp_path, "bloodmnist_64.npz", train_images=colour))
    assert {entry.label for entry in source.films} == {"class0", "class1"}
    assert (source.reader.pixels("train/0", b"") == 77).all()


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"train_images": np.zeros((12, 28, 28))}, "train_images is float64"),
        ({"train_labels": np.zeros((12, 14), np.uint8)}, "14 labels an image"),
        ({"train_labels": np.zeros(5, np.uint8)}, "expected 12 whole numbers"),
        ({"train_labels": np.full(12, "a", object)}, "plain arrays"),
    ],
)
def test_medmnist_that_is_refused(tmp_path, arrays, message) -> None:
    with pytest.raises(UsageError, match=message):
        open_source(medmnist(tmp_path, **arrays))


def test_npz_that_is_none(tmp_path) -> None:
    whole = medmnist(tmp_path).read_bytes()
    for content in (b"", b"junk", whole[: len(whole) // 2]):
        (tmp_path / "broken.npz").write_bytes(content)
        with pytest.raises(UsageError, match=r"whole \.npz file"):
            open_source(tmp_path / "broken.npz")
    np.savez(tmp_path / "other.npz", x=np.zeros(3))
    with pytest.raises(UsageError, match="no array train_images"):
        open_source(tmp_path / "other.npz")
