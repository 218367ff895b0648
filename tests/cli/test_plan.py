"""`radistill plan` as it is called."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from radistill.schema.study_plan import StudyPlan


def plan(*arguments: str, without: str | None = None) -> subprocess.CompletedProcess[str]:
    gone = f"sys.modules[{without!r}] = None; " if without else ""
    code = f"import sys; {gone}sys.argv[0] = 'radistill'; from radistill.cli import main; main()"
    command = [sys.executable, "-c", code, "plan", *arguments]
    return subprocess.run(command, capture_output=True, text=True)


def test_the_table_names_figures_and_says_how_to_choose_films() -> None:
    done = plan("--prevalence", "0.3", "--auc", "0.8")
    assert done.returncode == 0, done.stderr
    for name in ("AUC", "sensitivity", "specificity", "O/E", "calibration slope"):
        assert name in done.stdout
    assert "consecutive" in done.stdout
    assert "correlation" in done.stdout


def test_json_holds_the_plan_and_the_largest_need_decides() -> None:
    done = plan("--json", "--prevalence", "0.1", "--films-per-patient", "1.5")
    read = StudyPlan.model_validate_json(done.stdout)
    assert read.patients == max(need.patients for need in read.needs)
    for need in read.needs:
        assert need.positives + need.negatives == need.patients
        assert need.positives == pytest.approx(0.1 * need.patients, abs=1)
        assert need.films == pytest.approx(1.5 * need.patients, abs=1)
    assert json.loads(done.stdout)["gains"][0]["auc_before"] == 0.8


def test_a_narrower_interval_takes_more_films() -> None:
    wide = json.loads(plan("--json", "--auc-width", "0.2").stdout)
    narrow = json.loads(plan("--json", "--auc-width", "0.05").stdout)
    assert narrow["needs"][0]["patients"] > wide["needs"][0]["patients"]


@pytest.mark.parametrize(
    "arguments", [("--prevalence", "0"), ("--auc", "0.5"), ("--auc-width", "0"), ("--auc", "nan")]
)
def test_what_cannot_be_is_refused(arguments: tuple[str, ...]) -> None:
    done = plan(*arguments)
    assert done.returncode == 2
    assert arguments[0].lstrip("-").replace("-", "_").split("_")[0] in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("package", ["scipy", "statsmodels"])
def test_a_missing_package_names_the_extra(package: str) -> None:
    done = plan(without=package)
    assert done.returncode == 1
    assert "radistill[adapt]" in done.stderr
    assert "Traceback" not in done.stderr
