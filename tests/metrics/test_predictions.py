"""Predictions survive the trip through CSV; what is not a probability is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from radistill.errors import UsageError
from radistill.metrics.predictions import Predictions, read_predictions, write_predictions

text = st.text(st.characters(codec="utf-8", exclude_characters="\r\x00"), max_size=12)


def make(rows, positive="PNEUMONIA"):
    path, patient, label, probability = zip(*rows, strict=True)
    return Predictions(path, patient, label, np.array(probability), positive)


rows = st.tuples(text, text, text, st.floats(0, 1))


@given(st.lists(rows, min_size=1, max_size=5, unique_by=lambda row: row[0]))
def test_round_trip_is_exact(tmp_path_factory, rows):
    file = tmp_path_factory.mktemp("p") / "predictions.csv"
    p = make(rows)
    write_predictions(file, p)
    back = read_predictions(file, "PNEUMONIA")
    assert (back.path, back.patient, back.label) == (p.path, p.patient, p.label)
    assert back.probability.tolist() == p.probability.tolist()
    assert back.truth.tolist() == p.truth.tolist()


def test_three_classes_keep_their_columns(tmp_path):
    file = tmp_path / "predictions.csv"
    p = make([("a", "1", "x", 0.2), ("b", "2", "y", 0.7)], positive="y")
    scores = np.array([[0.5, 0.2, 0.3], [0.1, 0.7, 0.2]])
    write_predictions(file, replace(p, scores=scores, classes=("x", "y", "z")))
    assert file.read_text().splitlines()[0] == (
        "path,patient,label,probability,probability_x,probability_y,probability_z"
    )
    back = read_predictions(file, "y")
    assert back.classes == ("x", "y", "z")
    assert back.scores is not None
    assert back.scores.tolist() == scores.tolist()
    again = tmp_path / "again.csv"
    write_predictions(again, back)
    assert again.read_bytes() == file.read_bytes()


def test_two_classes_need_no_more_columns(tmp_path):
    file = tmp_path / "predictions.csv"
    p = make([("a", "1", "x", 0.2)])
    write_predictions(file, replace(p, scores=np.array([[0.8, 0.2]]), classes=("x", "y")))
    assert file.read_text().splitlines()[0] == "path,patient,label,probability"
    assert read_predictions(file, "y").scores is None


@pytest.mark.parametrize("bad", [float("nan"), -0.1, 1.1, float("inf")])
def test_bad_probability_is_not_written(tmp_path, bad):
    file = tmp_path / "predictions.csv"
    with pytest.raises(UsageError, match=r"predictions\.csv, row 2: .*not between 0 and 1"):
        write_predictions(file, make([("a", "1", "x", 0.5), ("b", "2", "x", bad)]))
    assert not file.exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("path,patient,label,probability\na,1,x,0.5\nb,2,x,nan\n", "row 2.*not between"),
        ("path,patient,label,probability\na,1,x,high\n", "row 1: 'high' is not a probability"),
        ("path,patient,label,probability\na,1,x\n", "row 1: 3 cells, expected 4"),
        ("path,label,probability\na,x,0.5\n", "no column patient"),
        ("", "no column path"),
        ("path,patient,label,probability\na,1,x,0.5\nb,1,x,0.5\na,1,x,0.6\n", "rows 1 and 3 are"),
    ],
)
def test_bad_file_is_named(tmp_path, content, message):
    file = tmp_path / "predictions.csv"
    file.write_text(content)
    with pytest.raises(UsageError, match=message) as caught:
        read_predictions(file, "x")
    assert str(file) in str(caught.value)


def test_a_label_in_another_spelling_is_the_same_class(tmp_path):
    file = tmp_path / "predictions.csv"
    rows = ["lung opacity", "Lung_Opacity", "LUNG-OPACITY ", "normal"]
    cells = [f"{i},p,{label},0.5" for i, label in enumerate(rows)]
    file.write_text("\n".join(["path,patient,label,probability", *cells]) + "\n")
    back = read_predictions(file, "lung opacity")
    assert back.truth.tolist() == [True, True, True, False]
    assert set(back.label) == {"lung opacity", "normal"}


def test_rows_are_chosen_in_order():
    p = make([("a", "1", "x", 0.1), ("b", "2", "y", 0.2), ("c", "3", "x", 0.3)], positive="x")
    some = p.rows([2, 0])
    assert (some.path, some.patient) == (("c", "a"), ("3", "1"))
    assert some.probability.tolist() == [0.3, 0.1]


def test_missing_or_binary_file(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        read_predictions(tmp_path / "none.csv", "x")
    file = tmp_path / "binary.csv"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="is not UTF-8 text"):
        read_predictions(file, "x")


def test_no_rows_is_no_films(tmp_path):
    file = tmp_path / "predictions.csv"
    file.write_text("path,patient,label,probability\n")
    assert len(read_predictions(file, "x")) == 0
