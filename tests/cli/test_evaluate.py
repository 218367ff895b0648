"""`radistill evaluate` and `radistill compare` as whole commands, on files and on phantoms."""

from __future__ import annotations

import json
import shutil
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

from ..command_line import Command
from ..finished_run import build_run


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


OWN = {
    "bootstrap": 150,
    "operating_points": ["sensitivity=0.9"],
    "calibration": "none",
    "margin": 0.04,
    "prevalence": 0.1,
}


@pytest.fixture(scope="module")
def own_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of seed 3 with evaluation settings of its own."""
    run = tmp_path_factory.mktemp("own") / "run"
    config = EvaluationConfig.model_validate(OWN)
    build_run(run, ("teacher", "student"), config=config, seed=3)
    return run


@pytest.mark.parametrize("command", ["evaluate", "compare"])
def test_a_run_is_scored_by_its_own_settings_and_seed(
    radistill: Command, own_run: Path, command: str
) -> None:
    status, out, err = radistill(command, own_run, "--format", "json")
    assert status == 0, err
    again, before = json.loads(out), json.loads((own_run / "comparison.json").read_text())
    assert again["pairs"] == before["pairs"]
    assert again["pairs"][0]["margin"] == 0.04
    for one, two in zip(again["models"], before["models"], strict=True):
        for key in ("test", "operating_points", "calibration"):
            assert one[key] == two[key], key
        assert [point["rule"] for point in one["operating_points"]] == ["sensitivity=0.9"]
        assert one["test"]["at_prevalence"]["prevalence"] == 0.1


def test_a_model_folder_and_its_predictions_are_scored_as_the_run(
    radistill: Command, own_run: Path
) -> None:
    before = json.loads((own_run / "comparison.json").read_text())["models"][1]["test"]
    for source in (own_run / "student", own_run / "student" / "predictions.csv"):
        status, out, err = radistill("evaluate", source, "--format", "json")
        assert status == 0, err
        assert json.loads(out)["models"][0]["test"] == before


def test_options_come_over_the_settings_of_the_run(radistill: Command, own_run: Path) -> None:
    before = json.loads((own_run / "comparison.json").read_text())["models"][1]["test"]
    options = ["--prevalence", "0.02", "--set", "seed=4", "--format", "json"]
    status, out, err = radistill("evaluate", own_run / "student", *options)
    assert status == 0, err
    model = json.loads(out)["models"][0]
    assert model["test"]["at_prevalence"]["prevalence"] == 0.02
    assert model["test"]["auc"] == before["auc"]
    assert model["test"]["brier_ci"] != before["brier_ci"]
    assert [point["rule"] for point in model["operating_points"]] == ["sensitivity=0.9"]


def test_settings_of_a_run_that_cannot_be_read_are_named(
    radistill: Command, own_run: Path, tmp_path: Path
) -> None:
    run = Path(shutil.copytree(own_run, tmp_path / "run"))
    (run / "config.yaml").write_text("evaluation: {bootstrp: 3}\n")
    status, _, err = radistill("evaluate", run)
    assert status == 2
    assert "config.yaml" in err
    assert "evaluation.bootstrp" in err
