"""`radistill text`, whole commands."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from radistill.text.labeller.builtin import tagged_reports


def text(*arguments: object, without: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    block = "".join(f"sys.modules[{name!r}] = None; " for name in without)
    command = f"import sys; {block}from radistill.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", command, "text", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        env=None,
    )


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hospital's CSV: 120 invented reports with labels of its own."""
    path = tmp_path_factory.mktemp("hospital") / "my reports.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["film", "befund", "truth"])
        for record in tagged_reports(180, seed=3).records:
            if record.label != "other":
                parts = f"FINDINGS: {record.report.findings} IMPRESSION: {record.report.impression}"
                writer.writerow([f"{record.id}.png", parts, record.label])
    return path


COLUMNS = ("--id", "film", "--text", "befund", "--label", "truth")


def test_train_label_and_explain(labelled: Path, tmp_path: Path) -> None:
    done = text("train", labelled, *COLUMNS, "--rules", "opacity", "--out", tmp_path / "l.json")
    assert done.returncode == 0, done.stderr
    out = tmp_path / "labels.csv"
    arguments = (labelled, "--id", "film", "--text", "befund", "--out", out)
    done = text(
        "label", *arguments, "--labeller", tmp_path / "l.json", without=("sklearn", "scipy")
    )
    assert done.returncode == 0, done.stderr
    assert "pneumonia: " in done.stdout
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    with labelled.open(newline="") as file:
        truth = {row["film"]: row["truth"] for row in csv.DictReader(file)}
    right = [row["label"] == truth[row["path"]] for row in rows]
    assert len(rows) > 100
    assert sum(right) > 0.95 * len(right)
    done = text("explain", "--labeller", tmp_path / "l.json")
    assert "for pneumonia" in done.stdout
    done = text("explain", "No effusion. Left infiltrate.", "--labeller", tmp_path / "l.json")
    assert "probability of pneumonia" in done.stdout


def test_evaluate_prints_json_and_writes_a_report(labelled: Path, tmp_path: Path) -> None:
    arguments = ("--json", "--no-ablation", "--bootstrap", 100, "--out", tmp_path / "out")
    done = text("evaluate", labelled, *COLUMNS, *arguments)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    (task,) = figures["tasks"].values()
    assert task["naive_bayes"]["auc"] > 0.9
    assert (tmp_path / "out" / "report.html").exists()


def test_the_built_in_labeller_needs_no_training(tmp_path: Path) -> None:
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "1.txt").write_text("Lungs are clear. Heart size normal.")
    (tmp_path / "r" / "2.txt").write_bytes("FINDINGS: Right lower lobe pneumonia.".encode("utf-16"))
    (tmp_path / "r" / "3.txt").write_bytes(b"\x00")
    done = text("label", tmp_path / "r", "--out", tmp_path / "labels.csv")
    assert done.returncode == 1  # one could not be read, the rest are labelled
    assert "3: is not text" in done.stderr
    rows = (tmp_path / "labels.csv").read_text().splitlines()
    assert [row.split(",")[:2] for row in rows[1:]] == [["1", "NORMAL"], ["2", "PNEUMONIA"]]
    assert "medical device" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("label", "nothing.csv", "--out", "x.csv"), "no such file"),
        (("label", "FILE", "--out", "x.csv", "--text", "y"), "there is no column 'y'"),
        (("label", "FILE", "--out", "x.csv", "--labeller", "FILE"), "is not a labeller"),
        (("train", "FILE", "--out", "x.json"), "no labels"),
        (("train", "FILE", "--label", "one", "--out", "x.json"), "only one class"),
        (("evaluate", "FILE", "--label", "truth", "--rules", "magic"), "opacity, abnormal"),
        (("explain", "nothing.txt"), "no such file"),
    ],
)
def test_wrong_usage_gives_2(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    file = tmp_path / "r.csv"
    file.write_text("id,report,truth,one\n1,Clear.,a,z\n2,Ill.,b,z\n")
    done = text(*[file if a == "FILE" else a for a in arguments])
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("package", ["simplemma", "sklearn"])
def test_a_missing_package_names_the_extra(labelled: Path, tmp_path: Path, package: str) -> None:
    done = text("train", labelled, *COLUMNS, "--out", tmp_path / "l.json", without=(package,))
    assert done.returncode == 1
    assert "radistill[text]" in done.stderr
    assert "Traceback" not in done.stderr
