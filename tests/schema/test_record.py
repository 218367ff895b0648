"""JSON files of results: what is written, what is read, and what is refused with the way out."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from radistill.errors import RadistillError
from radistill.schema.calibrated import CalibrationFigures
from radistill.schema.comparison import Comparison, ModelMetrics
from radistill.schema.record import read_record, write_record
from radistill.schema.weak_points import Localisation

EMPTY = {
    "dataset": {"name": "x", "classes": ["N", "P"], "positive": "P", "counts": {}},
    "models": [],
    "pairs": [],
}


def test_a_file_of_the_version_before_is_read_and_a_newer_one_is_refused(tmp_path):
    file = tmp_path / "comparison.json"
    file.write_text(json.dumps(EMPTY))
    assert read_record(Comparison, file).format == 1
    file.write_text(json.dumps({**EMPTY, "format": 2}))
    with pytest.raises(RadistillError, match=r"comparison\.json: is of format 2.* Install"):
        read_record(Comparison, file)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read"),
        ("{", "is not JSON"),
        (b"\xff", "is not JSON"),
        ('{"threshold": "high"}', r"is damaged \(test: Field required\)"),
    ],
)
def test_what_cannot_be_read_is_named_with_the_way_out(tmp_path, content, message):
    file = tmp_path / "metrics.json"
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(RadistillError, match=rf"metrics\.json: {message}.* [Rr]un the study again"):
        read_record(ModelMetrics, file)


def test_null_is_written_and_what_is_not_set_is_not(tmp_path):
    found = Localisation(
        films=3,
        pointing_game=0.5,
        pointing_game_ci=None,
        energy_inside=0.5,
        energy_inside_ci=None,
        chance=0.1,
    )
    write_record(tmp_path / "x.json", found)
    written = json.loads((tmp_path / "x.json").read_text())
    assert written["pointing_game_ci"] is None
    assert "no_intervals" not in written


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_figure_that_is_no_number_is_refused(value):
    figures = dict.fromkeys(CalibrationFigures.model_fields, 0.1) | {"ece": value}
    with pytest.raises(ValidationError, match="finite"):
        CalibrationFigures(**figures)
