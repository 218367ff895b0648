"""Tables with columns and labels of their own."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from radistill.data.sources.table import FilmColumns, open_table, parse_classes
from radistill.errors import UsageError

MAP = {"No Finding": "normal", "Pneumonia": "pneumonia"}
NIH = FilmColumns(image="Image Index", label="Finding Labels", patient="Patient ID", classes=MAP)


@pytest.fixture
def films(tmp_path):
    for name in ("images_1/a.png", "images_1/b.png", "images_2/c.png", "images_2/d.png"):
        place = tmp_path / name
        place.parent.mkdir(exist_ok=True)
        Image.fromarray(np.zeros((4, 4), np.uint8)).save(place)
    return tmp_path


def table(films, *rows, header="Image Index,Finding Labels,Patient ID,Sex"):
    file = films / "labels.csv"
    file.write_text("\n".join([header, *rows]) + "\n")
    return file


def test_columns_map_and_names_without_folders(films):
    file = table(
        films,
        "a.png,No Finding,7,F",
        "b.png,Pneumonia|Edema,8,M",
        "c.png,Edema,9,M",
        "d.png,no_finding|Pneumonia,9,M",
    )
    source = open_table(file, films, NIH)
    assert [(e.path, e.label, e.patient) for e in source.films] == [
        ("images_1/a.png", "normal", "7"),
        ("images_1/b.png", "pneumonia", "8"),
    ]
    assert source.rows["images_1/b.png"]["sex"] == "M"
    assert "2 films of a label that --map leaves out: Edema" in source.notes[0]
    assert source.reader.content("images_1/a.png") == (films / "images_1/a.png").read_bytes()


def test_rows_without_their_film_are_counted_and_left_out(films):
    file = table(
        films,
        "a.png,No Finding,7,F",
        "x.png,Pneumonia,8,M",
        "b.png,Pneumonia,9,M",
        "y.png,Pneumonia,9,M",
    )
    source = open_table(file, films, NIH)
    assert [entry.path for entry in source.films] == ["images_1/a.png", "images_1/b.png"]
    assert source.notes == ()
    assert "2 of 4" in source.local_notes[0]
    assert "line 3: there is no file 'x.png'" in source.local_notes[0]


def test_names_without_ending_and_labels_as_they_stand(films):
    file = table(films, "a,1", "c,0", header="patientId,Target")
    source = open_table(file, films, FilmColumns(image="patientid", label="Target"))
    assert [(e.path, e.label) for e in source.films] == [
        ("images_1/a.png", "1"),
        ("images_2/c.png", "0"),
    ]


@pytest.mark.parametrize(
    ("rows", "columns", "message"),
    [
        (["x.png,Pneumonia,1,F"], NIH, "line 2: there is no file 'x.png'"),
        (["../labels.csv,Pneumonia,1,F"], NIH, "line 2: .* points outside"),
        (
            ["a.png,Pneumonia,1,F", "images_1/a.png,No Finding,1,F"],
            NIH,
            "lines 2 and 3 name images_1/a.png with different values",
        ),
        (["a.png,Pneumonia,1"], NIH, "line 2 has 3 values, the header 4"),
        (["a.png,Edema,1,F"], NIH, "no row has a label of --map .*holds Edema"),
        (
            ["a.png,Pneumonia,1,F"],
            FilmColumns(),
            "must name the column 'path' once.*--image-column",
        ),
        (
            ["a.png,Pneumonia,1,F"],
            FilmColumns("Image Index"),
            "must name the column 'label' once.*--label-column",
        ),
    ],
)
def test_what_is_wrong_is_named(films, rows, columns, message):
    with pytest.raises(UsageError, match=message):
        open_table(table(films, *rows), films, columns)


def test_a_name_that_occurs_twice_needs_its_path(films):
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(films / "images_2" / "a.png")
    with pytest.raises(UsageError, match=r"could be images_1/a\.png, images_2/a\.png"):
        open_table(table(films, "a.png,Pneumonia,1,F"), films, NIH)


def test_map_is_parsed_or_refused():
    assert parse_classes("No Finding=normal, Pneumonia=pneumonia") == MAP
    for wrong in ("", "normal", "=x", "a="):
        with pytest.raises(UsageError, match="--map"):
            parse_classes(wrong)


@pytest.mark.parametrize("columns", [None, NIH])
def test_splits_have_the_same_names_in_every_table(films, columns):
    header = "path,label" if columns is None else "Image Index,Finding Labels,Patient ID"
    patient = "" if columns is None else ",1"
    rows = [
        f"images_1/a.png,Pneumonia{patient},validation",
        f"images_1/b.png,Pneumonia{patient},Training",
    ]
    source = open_table(table(films, *rows, header=f"{header},split"), films, columns)
    assert [film.split for film in source.films] == ["val", "train"]


def test_other_splits_of_a_table_of_others_mean_none(films):
    header = "Image Index,Finding Labels,Patient ID,split"
    file = table(films, "a.png,Pneumonia,1,fold 2", header=header)
    assert [film.split for film in open_table(file, films, NIH).films] == [""]


def test_rows_that_say_the_same_count_once(films):
    file = table(
        films, "a.png,Pneumonia,7,F", "images_1/a.png,Pneumonia,7,F", "a.png,Pneumonia,7,F"
    )
    source = open_table(file, films, NIH)
    assert len(source.films) == 1
    assert source.notes == ("Rows of the CSV that repeat another are left out: 2.",)


def test_boxes_of_one_film_are_one_film(films):
    file = table(films, "a,0,", "b,1,10", "b,1,20", header="patientId,Target,x")
    columns = FilmColumns("patientId", "Target", classes={"0": "NORMAL", "1": "PNEUMONIA"})
    source = open_table(file, films, columns)
    assert [(film.path, film.label) for film in source.films] == [
        ("images_1/a.png", "NORMAL"),
        ("images_1/b.png", "PNEUMONIA"),
    ]
    contradicting = table(films, "a,0,", "b,1,1", "a,1,2", "b,0,", header="patientId,Target,x")
    both = "lines 2 and 4 name images_1/a.png.*lines 3 and 5 name images_1/b.png"
    with pytest.raises(UsageError, match=both):
        open_table(contradicting, films, columns)


@pytest.mark.parametrize("given", ["A.PNG", "A", "D:\\films\\a.png", "/home/other/films/a.png"])
def test_names_in_another_case_and_paths_of_another_machine(films, given):
    (films / "masks").mkdir()
    Image.new("1", (4, 4)).save(films / "masks" / "a.png")
    source = open_table(table(films, f"{given},Pneumonia,1,F"), films, NIH)
    assert [film.path for film in source.films] == ["images_1/a.png"]
