"""`radistill monitor` as it is called."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from radistill.schema.monitor_figures import MonitorFigures
from radistill.schema.publish import schema_text

from ..adapt.ledger_lines import CARD_OF_BUNDLE, month, write
from ..command_line import Command

SHIPPED = ("--reference", "pneumonia-children")


@pytest.fixture
def steady(tmp_path: Path) -> Path:
    return write(tmp_path / "steady.jsonl", month(np.random.default_rng(0)))


@pytest.fixture
def scanner(tmp_path: Path) -> Path:
    rows = month(np.random.default_rng(0), moved=0.8, abstained=0.1)
    return write(tmp_path / "scanner.jsonl", rows)


@pytest.mark.parametrize("ending", ["jsonl", "csv"])
def test_what_predict_stores_is_watched(
    ending: str, radistill: Command, films: Path, tmp_path: Path
) -> None:
    """These films are grey squares: all abstained on."""
    bad = films / "no film.png"
    bad.write_bytes(b"nothing")
    ledger, model = tmp_path / f"ledger.{ending}", SHIPPED[1]
    status, _, err = radistill(
        "predict", films, bad, "--bundle", model, "--sketch", "--out", ledger
    )
    assert status == 1, err
    status, out, err = radistill("monitor", ledger, *SHIPPED, "--json")
    assert status == 4, err
    read = MonitorFigures.model_validate_json(out)
    (week,) = read.weeks
    assert week.films == read.films - 1 == len(list(films.iterdir())) - 1
    assert week.abstained == 1
    assert (read.unreadable, read.torn, read.undated) == (1, 0, 0)
    assert {alarm.chart for alarm in read.alarms} >= {"abstained"}


def test_no_alarm_is_0_and_an_alarm_4(radistill: Command, steady: Path, scanner: Path) -> None:
    status, out, _ = radistill("monitor", steady, *SHIPPED)
    assert status == 0
    assert "None of 4 weeks raises an alarm" in " ".join(out.split())
    status, out, _ = radistill("monitor", scanner, *SHIPPED)
    assert status == 4
    assert "alarm, 2026-01-19: " in out
    assert "not how good the model is" in " ".join(out.split())


def test_json_is_as_published_and_page_and_plots_are_written(
    radistill: Command, scanner: Path, tmp_path: Path
) -> None:
    status, out, _ = radistill("monitor", scanner, *SHIPPED, "--json", "--out", tmp_path / "out")
    assert status == 4
    read = MonitorFigures.model_validate_json(out)
    Draft202012Validator(json.loads(schema_text(MonitorFigures))).validate(json.loads(out))
    written = json.loads((tmp_path / "out" / "monitor.json").read_text("utf-8"))
    assert written == json.loads(out)
    page = (tmp_path / "out" / "monitor.html").read_text("utf-8")
    for alarm in read.alarms:
        assert alarm.week in page
        assert alarm.message in page
    assert page.count("<img") == 5
    assert {file.name for file in (tmp_path / "out" / "plots").iterdir()} == {
        *("scores.svg", "probability.svg", "embedding.svg", "abstained.svg", "unreadable.svg")
    }
    assert "://" not in re.sub(r"data:image/svg\+xml;base64,[^\"]+", "", page)


def test_labels_of_a_sample_give_the_performance(
    radistill: Command, steady: Path, tmp_path: Path
) -> None:
    """Labels that the probability tells: drawn from it, as a calibrated model has them."""
    rng = np.random.default_rng(1)
    rows = [json.loads(line) for line in steady.read_text("utf-8").splitlines()][::3]
    lines = ["Film,Truth,Person"]
    for i, row in enumerate(rows):
        ill = rng.random() < row["probability"]
        name = Path(row["path"]).name  # not the whole path
        lines.append(f"{name},{'Pneumonia' if ill else 'no finding'},{i // 2}")
    table = tmp_path / "labels.csv"
    table.write_text("\n".join([*lines, "gone.png,Pneumonia,z", ""]), "utf-8")
    status, out, err = radistill(
        *("monitor", steady, *SHIPPED, "--json", "--labels", table, "--image-column", "film"),
        *("--label-column", "truth", "--patient-column", "person"),
        *("--map", "Pneumonia=PNEUMONIA,no finding=NORMAL"),
    )
    assert status == 0, err
    sample = MonitorFigures.model_validate_json(out).performance
    assert sample is not None
    assert sample.films + sample.abstained == len(rows)
    assert sample.unmatched == 1
    assert sample.figures.auc_ci is not None
    assert sample.figures.auc_ci[0] < sample.figures.auc < sample.figures.auc_ci[1]
    assert sample.figures.patients == pytest.approx(len(rows) / 2, abs=2)
    assert sample.figures.threshold == CARD_OF_BUNDLE.threshold


def test_times_of_a_table_make_the_weeks(radistill: Command, steady: Path, tmp_path: Path) -> None:
    rows = [json.loads(line) for line in steady.read_text("utf-8").splitlines()]
    for row in rows:
        del row["time"]
    bare = write(tmp_path / "bare.jsonl", rows)
    status, _, err = radistill("monitor", bare, *SHIPPED)
    assert status == 2
    assert "--times" in err
    days = [f"{row['path']},202602{2 + i % 14:02d}" for i, row in enumerate(rows[:-1])]
    table = tmp_path / "times.csv"
    table.write_text("\n".join(["path,StudyDate", *days]), "utf-8")
    arguments = ("monitor", bare, *SHIPPED, "--times", table, "--time-column", "StudyDate")
    status, out, err = radistill(*arguments, "--json")
    assert status == 0, err
    read = MonitorFigures.model_validate_json(out)
    assert [week.week for week in read.weeks] == ["2026-02-02", "2026-02-09"]
    assert read.undated == 1


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ("path,label\nfilms/0-0.png,TUBERCULOSIS\n", "TUBERCULOSIS"),
        ("path,label\nother.png,NORMAL\n", "no film"),
        ("file,label\nfilms/0-0.png,NORMAL\n", "--image-column"),
        ("path,label\nfilms/0-0.png,NORMAL\nfilms/0-0.png,PNEUMONIA\n", "two labels"),
        ("path,time\nfilms/0-0.png,31.1.2026\n", "31.1.2026"),
        ("path,time\nother.png,2026-01-31\n", "no film"),
        ("path,day\nfilms/0-0.png,2026-01-31\n", "--time-column"),
    ],
)
def test_tables_that_do_not_fit_are_refused(
    table: str, text: str, radistill: Command, steady: Path, tmp_path: Path
) -> None:
    file = tmp_path / "table.csv"
    file.write_text(table, "utf-8")
    option = "--labels" if "label" in table else "--times"
    status, _, err = radistill("monitor", steady, *SHIPPED, option, file)
    assert status == 2
    assert text in " ".join(err.split())


def test_wrong_usage_is_2(radistill: Command, steady: Path, tmp_path: Path) -> None:
    for arguments, text in (
        ((steady,), "reference"),
        ((tmp_path / "gone.jsonl", *SHIPPED), "gone.jsonl"),
        ((steady, "--reference", tmp_path), "no bundle"),
        ((steady, *SHIPPED, "--baseline", 9), "left to watch"),
        ((steady, *SHIPPED, "--label-column", "x"), "--labels"),
        ((steady, *SHIPPED, "--false-alarms", 2), "false-alarms"),
    ):
        status, _, err = radistill("monitor", *arguments)
        assert status == 2, text
        assert text in err


def test_one_label_of_one_class_has_no_auc(
    radistill: Command, steady: Path, tmp_path: Path
) -> None:
    table = tmp_path / "labels.csv"
    table.write_text("path,label\nfilms/0-1.png,normal\n", "utf-8")
    status, out, _ = radistill("monitor", steady, *SHIPPED, "--labels", table)
    assert status == 0
    assert "AUC - (95 % interval -)" in " ".join(out.split())


@pytest.mark.parametrize("package", ["scipy", "matplotlib"])
def test_a_missing_package_names_the_extra(package: str, steady: Path) -> None:
    code = (
        f"import sys; sys.modules[{package!r}] = None\n"
        f"sys.argv = ['radistill', 'monitor', {str(steady)!r}, *{SHIPPED!r}]\n"
        "from radistill.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert "radistill[adapt]" in done.stderr
    assert "Traceback" not in done.stderr
