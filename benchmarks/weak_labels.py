"""What labels from reports cost: a study on phantoms with them, against one on true labels.

    python benchmarks/weak_labels.py OUT [--n 600] [--seed 0] [--preset demo] [--set key=value ...]

Draws phantoms, writes a report for each with the grammar, labels the reports of the training films
with `radistill text label` and runs `radistill run` twice on the same films: with those labels and
with the true ones. Test films have true labels in both, or the figures would measure agreement with
the reports.

The reader of the phantoms is not perfect: MISREAD of the reports describe the other class, and
OTHER of the normal films are reported with some other finding.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from radistill.files import write_csv, write_text
from radistill.metrics.intervals import (
    least_patients,
    patient_weights,
    percentile_interval,
    weighted_auc,
)
from radistill.metrics.paired import delong
from radistill.metrics.predictions import read_predictions
from radistill.phantoms import generate
from radistill.report import fmt
from radistill.text.labeller.grammar import ReportKind, write_report

MISREAD, OTHER = 0.08, 0.15
MODELS = ("baseline", "teacher", "student-alone", "student")
Rows = list[dict[str, str]]


def main() -> None:
    arguments = _arguments()
    out: Path = arguments.out
    films = out / "films"
    generate(films, arguments.n, arguments.seed)
    truth = write_reports(films, out / "reports.csv", arguments.seed)
    radistill("text", "label", out / "reports.csv", "--out", out / "weak.csv")
    weak = merge(truth, read(out / "weak.csv"))
    describe(truth, weak)
    for name, rows in (("true", truth), ("weak", weak)):
        labels = out / f"labels-{name}.csv"
        write_csv(
            labels,
            ("path", "label", "split"),
            [(row["path"], row["label"], row["split"]) for row in rows],
        )
        settings = [part for value in arguments.set or [] for part in ("--set", value)]
        radistill(
            "run",
            "--data",
            films,
            "--labels",
            labels,
            "--out",
            out / f"run-{name}",
            "--preset",
            arguments.preset,
            "--seed",
            arguments.seed,
            *settings,
        )
    compare(out)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--n", type=int, default=600)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--preset", default="demo")
    parser.add_argument("--set", action="append")
    return parser.parse_args()


def radistill(*arguments: object) -> None:
    subprocess.run([sys.executable, "-m", "radistill", *map(str, arguments)], check=True)


def write_reports(films: Path, table: Path, seed: int) -> Rows:
    """Write path, split and report of every film; return path, label and split, the truth."""
    rng = np.random.default_rng([seed, 1])
    truth, reports = [], []
    for path in sorted(films.glob("t*/*/*.jpeg")):
        split, label, _ = path.relative_to(films).parts
        ill = (label == "PNEUMONIA") != (rng.random() < MISREAD)
        kind: ReportKind = "opacity" if ill else ("other" if rng.random() < OTHER else "normal")
        name = path.relative_to(films).as_posix()
        truth.append({"path": name, "label": label, "split": split})
        reports.append((name, split, write_report(kind, rng).text))
    write_csv(table, ("path", "split", "report"), reports)
    return truth


def read(table: Path) -> Rows:
    with table.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def merge(truth: Rows, weak: Rows) -> Rows:
    """Training films with their weak labels, test films with the truth."""
    return [row for row in weak if row["split"] == "train"] + [
        row for row in truth if row["split"] == "test"
    ]


def describe(truth: Rows, weak: Rows) -> None:
    label = {row["path"]: row["label"] for row in truth}
    train = [row for row in weak if row["split"] == "train"]
    of = sum(row["split"] == "train" for row in truth)
    wrong = sum(row["label"] != label[row["path"]] for row in train)
    print(f"{len(train)} of {of} training films got a label, {wrong} of them a wrong one")


def compare(out: Path) -> None:
    """Print the AUC of each model on both kinds of labels, and the paired difference."""
    found = []
    for model in MODELS:
        true, weak = (
            read_predictions(out / f"run-{name}" / model / "predictions.csv", "PNEUMONIA")
            for name in ("true", "weak")
        )
        order = [weak.path.index(path) for path in true.path]
        other = weak.probability[order]
        tested = delong(true.truth, true.probability, other)
        draws = [
            weighted_auc(true.truth, other, weights)
            - weighted_auc(true.truth, true.probability, weights)
            for weights in patient_weights(true.truth, true.patient, 2000, 0)
        ]
        least = least_patients(true.truth, true.patient)
        ci = percentile_interval(np.concatenate(draws), least)
        found.append(
            {
                "model": model,
                "true": tested.auc_a,
                "weak": tested.auc_b,
                "difference": -tested.difference,
                "ci": list(ci),
            }
        )
        print(
            f"{model}: true labels {tested.auc_a:.3f}, weak labels {tested.auc_b:.3f}, difference "
            f"{fmt.signed(-tested.difference)} ({fmt.interval(list(ci), sign=True)})"
        )
    write_text(out / "cost.json", json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
