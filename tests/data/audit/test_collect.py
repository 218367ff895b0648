"""The audit: what was planted is found, counted and shown, and nothing else."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from io import BytesIO, StringIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from radistill.config import DataConfig
from radistill.data import load_dataset
from radistill.data.audit import audit, render, sample_grid, write_page
from radistill.schema.audit import Audit, SizeCount, Spread
from radistill.schema.record import read_record, write_record


def printed(result: Audit) -> str:
    text = StringIO()
    render(result, Console(file=text, width=200))
    return text.getvalue()


def test_a_clean_set(kaggle, tmp_path) -> None:
    dataset = load_dataset(kaggle, DataConfig(), 0)
    result = audit(dataset)
    write_record(tmp_path / "audit.json", result)
    assert read_record(Audit, tmp_path / "audit.json") == result
    assert list(json.loads((tmp_path / "audit.json").read_text())) == [
        "name",
        "protocol",
        "synthetic",
        "leaking",
        "classes",
        "positive",
        "films",
        "counts",
        "subtypes",
        "patients",
        "sizes",
        "imbalance",
        "unreadable",
        "exact_duplicates",
        "near_duplicates",
        "notes",
        "local_notes",
        "findings",
    ]
    assert sum(sum(count.values()) for count in result.counts.values()) == 120
    assert result.counts["test"] == {"NORMAL": 20, "PNEUMONIA": 20}
    assert result.subtypes["test"] == {"bacteria": 10, "virus": 10}
    assert result.patients.total == 60
    assert sum(result.patients.splits.values()) == 60
    assert result.sizes.width == Spread(min=36, median=36, max=36)
    assert result.sizes.most_common == (SizeCount(width=36, height=30, films=120),)
    assert result.imbalance == 1
    assert result.exact_duplicates.pairs == 0
    assert result.near_duplicates.pairs == 0
    assert result.warnings == ()


@pytest.fixture
def spoilt(kaggle) -> Path:
    """A copy across splits and classes, a re-encoded twin across patients, a leak, a bad file."""
    train, test = kaggle / "train", kaggle / "test"
    shutil.copy(train / "NORMAL/IM-0001-0001.jpeg", test / "PNEUMONIA/person15_bacteria_9.jpeg")
    with Image.open(train / "NORMAL/IM-0002-0001.jpeg") as film:
        film.save(train / "NORMAL/IM-0777-0001.jpeg", "BMP")
    shutil.move(train / "NORMAL/IM-0003-0002.jpeg", test / "NORMAL/IM-0003-0002.jpeg")
    (train / "NORMAL/IM-0778-0001.jpeg").touch()
    return kaggle


def test_what_was_planted_is_found(spoilt) -> None:
    dataset = load_dataset(spoilt, DataConfig(allow_leak=True), 0)
    result = audit(dataset)
    exact, near = result.exact_duplicates, result.near_duplicates
    assert exact.pairs == exact.across_splits == exact.differing_labels == 1
    assert sorted(exact.examples[0].paths) == [
        "test/PNEUMONIA/person15_bacteria_9.jpeg",
        "train/NORMAL/IM-0001-0001.jpeg",
    ]
    assert (near.pairs, near.across_patients, near.differing_labels) == (1, 1, 0)
    assert list(result.patients.crossing) == ["IM-0003"]
    assert [bad.code for bad in result.unreadable] == ["empty"]
    assert result.leaking
    warnings = "\n".join(result.warnings)
    for words in ("1 patient is in more than one", "different labels", "1 file is", "two patients"):
        assert words in warnings
    shown = printed(result)
    assert "IM-0778-0001.jpeg" in shown
    assert "person15_bacteria_9.jpeg (test)" in shown


def test_copies_in_one_split_of_one_patient_are_counted_but_not_held_against_it(kaggle) -> None:
    folder = kaggle / "test" / "NORMAL"
    for n in (8, 9):
        shutil.copy(folder / "IM-0011-0001.jpeg", folder / f"IM-0011-000{n}.jpeg")
    result = audit(load_dataset(kaggle, DataConfig(), 0))
    assert result.exact_duplicates.pairs == 2
    assert result.warnings == ()


def test_unknown_patients_and_imbalance_are_said(tmp_path, write_films) -> None:
    paths = [f"NORMAL/{n}.png" for n in range(40)] + [f"PNEUMONIA/{n}.png" for n in range(8)]
    result = audit(load_dataset(write_films(tmp_path, paths), DataConfig(), 0))
    assert result.imbalance == 5
    warnings = " ".join(result.warnings)
    assert "Patients are unknown" in warnings
    assert "5.0 times" in warnings
    assert "unknown" in printed(result)


def test_no_more_than_twenty_examples(kaggle) -> None:
    for n in range(30):
        shutil.copy(
            kaggle / "train/NORMAL/IM-0001-0001.jpeg", kaggle / f"train/NORMAL/IM-0001-1{n:03}.jpeg"
        )
    duplicates = audit(load_dataset(kaggle, DataConfig(), 0)).exact_duplicates
    assert duplicates.pairs == 30
    assert len(duplicates.examples) == 20


def test_grid(kaggle) -> None:
    dataset = load_dataset(kaggle, DataConfig(), 0)
    content = sample_grid(dataset, 24)
    assert content == sample_grid(dataset, 24)
    with Image.open(BytesIO(content)) as sheet:
        assert sheet.format == "PNG"
        assert sheet.mode == "L"
        assert sheet.size[0] == 8 * 152 + 4
        assert np.asarray(sheet).std() > 10
    few = replace(dataset, films=dataset.films[:3])
    assert sample_grid(few, 24)


def test_page_stands_alone_and_escapes(tmp_path, write_films) -> None:
    bad = "<script>alert(1)<"
    root = write_films(tmp_path / "set", [f"{c}/{n}.png" for n in range(9) for c in ("a", bad)])
    dataset = load_dataset(root, DataConfig(positive="a"), 0)
    write_page(tmp_path / "audit.html", audit(dataset), sample_grid(dataset, 6))
    page = (tmp_path / "audit.html").read_text("utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "http" not in page
    assert "data:image/png;base64," in page


@pytest.mark.data
def test_the_real_set_has_one_film_under_two_patients(shared: Path) -> None:
    result = audit(load_dataset(shared / "data" / "chest_xray", DataConfig(), 0))
    assert result.patients.crossing == {}
    exact = result.exact_duplicates
    assert (exact.across_splits, exact.across_patients) == (0, 1)
    assert exact.examples[0].patients == ("NORMAL2-IM-0095", "NORMAL2-IM-0096")
    assert result.near_duplicates.pairs == 0
