"""`radistill evaluate` and `radistill compare` as whole commands, on files and on phantoms."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from radistill.config import EvaluationConfig
from radistill.metrics.predictions import Predictions, read_predictions, write_predictions
from radistill.metrics.score import score_predictions
from radistill.schema.comparison import ModelMetrics
from radistill.schema.record import write_record

from .conftest import Command


def write(folder: Path, seed: int, n: int = 80, gap: float = 1.5) -> Path:
    """A model folder with predictions on test and validation."""
    for name, offset in (("predictions.csv", 0), ("predictions-val.csv", 1000)):
        rng = np.random.default_rng(seed + offset)
        truth = np.arange(n) % 2 == 0
        told = 1 / (1 + np.exp(-(rng.normal(0, 1, n) + np.where(truth, gap, -gap) / 2)))
        paths = tuple(f"test/film{i}.png" for i in range(n))
        patients = tuple(f"p{i}" for i in range(n))
        label = tuple("PNEUMONIA" if t else "NORMAL" for t in truth)
        write_predictions(folder / name, Predictions(paths, patients, label, told, "PNEUMONIA"))
    test = read_predictions(folder / "predictions.csv", "PNEUMONIA")
    figures, _ = score_predictions(test, 0.4, EvaluationConfig(bootstrap=100), 0)
    scored = ModelMetrics(threshold=0.4, threshold_rule="youden", test=figures)
    write_record(folder / "metrics.json", scored)
    return folder


FAST = ("--set", "evaluation.bootstrap=100")


def test_compare_prints_clean_json(radistill: Command, tmp_path: Path) -> None:
    a, b = write(tmp_path / "a", 0), write(tmp_path / "b", 1)
    status, out, _ = radistill("compare", a, b, "--json", "--margin", "0.05", *FAST)
    assert status == 0
    found = json.loads(out)
    assert [model["name"] for model in found["models"]] == ["a", "b"]
    assert found["models"][0]["test"]["threshold"] == 0.4
    assert found["pairs"][0]["margin"] == 0.05


def test_compare_as_a_user_runs_it(tmp_path: Path) -> None:
    a, b = write(tmp_path / "a", 0), write(tmp_path / "b", 1)
    command = [sys.executable, "-m", "radistill", "compare", str(a), str(b), *FAST]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "ahead of" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("form", "sign"), [("md", "| a |"), ("csv", "a,auc,"), ("latex", "\\toprule")]
)
def test_formats(radistill: Command, tmp_path: Path, form: str, sign: str) -> None:
    status, out, _ = radistill("evaluate", write(tmp_path / "a", 0), "--format", form, *FAST)
    assert status == 0
    assert sign in out


def test_evaluate_predictions_alone_with_a_report(radistill: Command, tmp_path: Path) -> None:
    folder, out = write(tmp_path / "a", 0), tmp_path / "out"
    status, _, err = radistill(
        "evaluate", folder, "--sensitivity", "0.9", "--prevalence", "0.05", "--out", out, *FAST
    )
    assert status == 0, err
    assert "report.html" in err
    found = json.loads((out / "comparison.json").read_text())["models"][0]
    assert found["threshold_rule"] == "sensitivity=0.9 on validation"
    assert found["test"]["at_prevalence"]["prevalence"] == 0.05
    page = (out / "report.html").read_text()
    assert f"{found['test']['auc']:.3f}" in page
    assert not (folder / "report.html").exists()


BAD = "path,patient,label,probability\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (BAD + "a,1,NORMAL,nan\n", "row 1: probability nan is not between 0 and 1"),
        (BAD + "a,1,NORMAL,1.2\n", "row 1: probability 1.2 is not between 0 and 1"),
        (BAD + "a,1,NORMAL,0.1\na,1,PNEUMONIA,0.2\n", "rows 1 and 2 are both of a"),
        ("path,label\na,NORMAL\n", "no column patient, probability"),
    ],
)
def test_bad_predictions_are_named(
    radistill: Command, tmp_path: Path, content: str, message: str
) -> None:
    file = tmp_path / "p.csv"
    file.write_text(content)
    status, _, err = radistill("evaluate", file, "--positive", "PNEUMONIA", *FAST)
    assert status == 2
    assert message in err
    assert "p.csv" in err
    assert "Traceback" not in err


def test_one_class_says_so_and_goes_on(radistill: Command, tmp_path: Path) -> None:
    file = tmp_path / "p.csv"
    rows = [f"f{i},p{i},PNEUMONIA,{0.3 + i / 40}" for i in range(20)]
    file.write_text(BAD + "\n".join(rows) + "\n")
    status, out, err = radistill(
        "evaluate", file, "--positive", "PNEUMONIA", "--out", tmp_path / "out", *FAST
    )
    assert status == 0, err
    assert "Sensitivity" in out
    assert "all of one class" in out
    assert "all of one class" in (tmp_path / "out" / "report.html").read_text()


def test_wrong_use_is_explained(radistill: Command, tmp_path: Path) -> None:
    a, b = write(tmp_path / "a", 0), write(tmp_path / "b", 1, n=60)
    for arguments, message in (
        (["compare", a, b], "--intersection"),
        (["compare", a, "--threshold", "1.5"], "compare"),
        (["evaluate", a, "--sensitivity", "0.9", "--cost", "3"], "give one"),
        (["evaluate", a, "--prevalence", "2"], "evaluation.prevalence"),
        (["evaluate", a, "--map", "x=NORMAL"], "--data"),
        (["evaluate", a, "--robustness"], "--robustness needs a run"),
        (["evaluate", tmp_path], "neither a run"),
    ):
        status, _, err = radistill(*arguments, *FAST)
        assert status == 2, arguments
        assert message in err, arguments
        assert "Traceback" not in err
    status, out, _ = radistill("compare", a, b, "--intersection", "--json", *FAST)
    assert status == 0
    assert json.loads(out)["models"][0]["test"]["n"] == 60
