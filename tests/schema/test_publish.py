"""The published JSON schemas: current, and true of what is written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from finished_run import edited
from radistill.phantoms import generate
from radistill.runtime import Predictor
from radistill.runtime.find_bundle import find_bundle
from radistill.schema.card import CARD
from radistill.schema.publish import PUBLISHED, publish, schema_text

DOCS = Path(__file__).parents[2] / "docs" / "schemas"


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_published_schema_is_current(name):
    written = DOCS / f"{name}.json"
    assert written.is_file(), "make schemas"
    assert written.read_text("utf-8") == schema_text(PUBLISHED[name]), "make schemas"
    Draft202012Validator.check_schema(json.loads(written.read_text("utf-8")))


def test_publishing_writes_every_schema_and_docs_hold_no_other(tmp_path):
    publish(tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {file.name for file in DOCS.iterdir()}


def validator(name):
    return Draft202012Validator(json.loads((DOCS / f"{name}.json").read_text("utf-8")))


def test_what_a_run_writes_is_as_published(make_run):
    run, comparison = make_run(classes=("NORMAL", "VIRUS", "BACTERIA"))
    validator("comparison").validate(json.loads((run / "comparison.json").read_text("utf-8")))
    for model in comparison.models:
        written = json.loads((run / model.name / "metrics.json").read_text("utf-8"))
        validator("metrics").validate(written)
    validator("environment").validate(json.loads((run / "environment.json").read_text("utf-8")))


def test_a_wrong_type_is_not_as_published(make_run):
    _, comparison = make_run(models=("teacher",))
    values = comparison.model_dump(mode="json", exclude_unset=True)
    assert edited(comparison, lambda _: None) == comparison
    values["models"][0]["test"]["auc"] = "high"
    assert not validator("comparison").is_valid(values)


def test_the_shipped_card_is_as_published() -> None:
    card = find_bundle("pneumonia-children") / CARD
    validator("card").validate(json.loads(card.read_text("utf-8")))


def test_what_predict_writes_is_as_published(tmp_path: Path) -> None:
    generate(tmp_path / "phantoms", 16, 0, size=64)
    film = next((tmp_path / "phantoms").rglob("*.jpeg"))
    broken = tmp_path / "broken\udcff.png"  # a name that is not Unicode
    broken.write_bytes(b"no film")
    lines = [
        json.loads(json.dumps(result.record()))
        for result in Predictor.load("pneumonia-children").predict([film, broken])
    ]
    validator("prediction").validate(lines[0])
    validator("failure").validate(lines[1])
    assert lines[1]["path"] == str(broken)
