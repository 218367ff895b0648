"""The tables and the plot of the experiments, from the committed predictions alone.

    python experiments/tables.py            # or: make results

Ablation, and the same where few films have labels: one row a method; AUC on the official test
films, mean over seeds and the range, and the difference from the student alone of the same seed.
Its 95 % interval is a bootstrap over patients and over seeds at once, so it holds the chance of the
test films and that of the training. Frontier: one row a network, and docs/frontier.svg. Accuracies
are at a probability of 0.5, chosen by nobody.
"""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from sklearn.metrics import roc_auc_score

from radistill.metrics.intervals import auc_interval
from radistill.metrics.over_seeds import (
    auc_draws,
    aucs,
    interval_over_seeds,
    mean_over_seeds,
    seed_draws,
)
from radistill.metrics.predictions import Predictions, read_predictions
from radistill.schema.record import Interval

HERE = Path(__file__).parent
PLOT = HERE.parent / "docs" / "frontier.svg"
ALONE = "student-alone"
STUDENT = "efficientnet_lite0_first5"  # of the presets
RESAMPLES = 2000
# The same picture from the same table, whatever the CPU and the fonts: values as printed, text left
# to whoever shows it, margins that no text decides.
FIXED = {"svg.hashsalt": "radistill", "svg.fonttype": "none"}


def main() -> None:
    folders = {
        "held-out": "films of held-out prefixes",
        "ablation": "test films",
        "tiny": "test films, preset tiny",
        "shipped": "test films, preset student",
    }
    for name, films in folders.items():
        seeds = sorted((HERE / name).glob("seed-*"))
        if seeds:
            ablation(seeds, films)
    for fraction in sorted((HERE / "few-labels").glob("*"), key=lambda folder: float(folder.name)):
        few = f"test films, labels of {float(fraction.name):.0%} of the patients"
        ablation(sorted(fraction.glob("seed-*")), few)
        over_best_alone(fraction)
        small_students(fraction)
    if (HERE / "frontier" / "networks.csv").exists():
        frontier(HERE / "frontier")


def ablation(folders: list[Path], films: str) -> None:
    """Print the table of one ablation. folders: one a seed."""
    seeds = [_read_all(folder) for folder in folders]
    alone = seeds[0][ALONE]
    print(f"\n{len(seeds)} seeds, {len(alone)} {films}, {RESAMPLES} resamples\n")
    print(
        "| Method | Seeds | Mean AUC | Range | Accuracy | Over the student alone | 95 % interval |"
    )
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    rows = []
    for name in {name for seed in seeds for name in seed}:
        there = [seed[name] for seed in seeds if name in seed]
        rows.append((float(aucs(there).mean()), name, there))
    for mean, name, there in sorted(rows, key=lambda row: -row[0]):
        each = aucs(there)
        right = np.mean([_accuracy(theirs) for theirs in there])
        line = f"| {name} | {len(there)} | {mean:.4f} | {each.min():.4f} to {each.max():.4f} "
        line += f"| {right:.3f} |"
        pairs = [(seed[ALONE], seed[name]) for seed in seeds if {name, ALONE} <= {*seed}]
        if name == ALONE or len(pairs) < len(there):
            print(line + " | |")
            continue
        gain, (low, high) = difference(pairs)
        print(f"{line} {gain:+.4f} | {low:+.4f} to {high:+.4f} |")


def over_best_alone(fraction: Path) -> None:
    """Print the gain over the student alone that had half the steps."""
    short = ((_read(seed / f"{ALONE}-short.csv"), _read(seed / "student.csv"))
             for seed in sorted(fraction.glob("seed-*")))  # fmt: skip
    gain, (low, high) = difference(list(short))
    print(f"\nStudent over the student alone with half the steps: {gain:+.4f} "
          f"({low:+.4f} to {high:+.4f})")  # fmt: skip


def small_students(fraction: Path) -> None:
    """Print the table of the networks of one fraction by size, and draw it if there are several."""
    with (HERE / "frontier" / "networks.csv").open(newline="") as file:
        networks = {row["network"]: row for row in csv.DictReader(file)}
    folders = {STUDENT: sorted(fraction.glob("seed-*"))}
    for folder in sorted(fraction.glob("seed-*/*/")):
        folders.setdefault(folder.name, []).append(folder)
    if len(folders) == 1:
        return
    print(
        "\n| Network | Parameters | INT8, MB | Seeds | Alone | Distilled | Gain | 95 % interval |"
    )
    print("| --- " + "| ---: " * 7 + "|")
    points = []
    for name, seeds in sorted(
        folders.items(), key=lambda item: -int(networks[item[0]]["parameters"])
    ):
        pairs = [tuple(_read(seed / f"{m}.csv") for m in (ALONE, "student")) for seed in seeds]
        alone, taught = (float(aucs(models).mean()) for models in zip(*pairs, strict=True))
        gain, (low, high) = difference(pairs)
        megabytes = float(networks[name]["int8_bytes"]) / 1e6
        points.append((megabytes, alone, taught, gain, low, high))
        print(
            f"| {name} | {int(networks[name]['parameters']):,} | {megabytes:.2f} | {len(seeds)} "
            f"| {alone:.4f} | {taught:.4f} | {gain:+.4f} | {low:+.4f} to {high:+.4f} |"
        )
    _draw_small_students(points, HERE.parent / "docs" / f"small-students-{fraction.name}.svg")


def frontier(folder: Path) -> None:
    """Print the table of the networks and draw it."""
    with (folder / "networks.csv").open(newline="") as file:
        networks = list(csv.DictReader(file))
    print("\n| Network | Weights | Parameters | float32, MB | INT8, MB | ms a film | AUC "
          "| 95 % interval | Accuracy |")  # fmt: skip
    print("| --- " + "| ---: " * 8 + "|")
    points = []
    for row in networks:
        p = _read(folder / f"{row['network']}.csv")
        low, high = auc_interval(p.truth, p.probability, p.patient, RESAMPLES, 0)
        megabytes = float(row["int8_bytes"]) / 1e6
        auc, low, high = (round(value, 4) for value in (_auc(p), low, high))
        points.append((row["network"], megabytes, float(row["milliseconds"]), auc, low, high))
        cells = [row["network"], row["weights"], f"{int(row['parameters']):,}",
                 f"{float(row['float32_bytes']) / 1e6:.2f}", f"{megabytes:.2f}",
                 row["milliseconds"], f"{_auc(p):.4f}", f"{low:.4f} to {high:.4f}",
                 f"{_accuracy(p):.3f}"]  # fmt: skip
        print(f"| {' | '.join(cells)} |")
    _draw(points)


def _draw_small_students(points: list[tuple[float, ...]], file: Path) -> None:
    mpl.rcdefaults()
    mpl.rcParams |= FIXED
    size, alone, taught, gain, low, high = np.round(np.array(points), 4).T
    figure = Figure(figsize=(9, 3.6))
    figure.subplots_adjust(left=0.08, right=0.98, bottom=0.14, top=0.97, wspace=0.2)
    left, right = figure.subplots(1, 2)
    left.plot(size, taught, "o-", color="#0072b2", label="distilled on all")
    left.plot(size, alone, "s--", color="#d55e00", label="alone")
    left.set_ylabel("test AUC, mean over seeds")
    left.legend(frameon=False, loc="center left")
    right.errorbar(size, gain, [gain - low, high - gain], fmt="o", capsize=3, color="#0072b2")
    right.axhline(0, color="0.4", linewidth=0.8)
    right.set_ylabel("gain, 95 % interval")
    for axis in (left, right):
        axis.set_xscale("log")
        axis.set_xticks(size, [f"{megabytes:.2f}" for megabytes in size])
        axis.minorticks_off()
        axis.margins(x=0.12)
        axis.set_xlabel("INT8 file, MB")
        axis.grid(alpha=0.3)
    figure.savefig(file, metadata={"Date": None, "Creator": None})


def _draw(points: list[tuple[str, float, float, float, float, float]]) -> None:
    mpl.rcdefaults()
    mpl.rcParams |= FIXED
    figure = Figure(figsize=(9, 4.6))
    figure.subplots_adjust(left=0.08, right=0.98, bottom=0.12, top=0.97, wspace=0.06)
    axes = figure.subplots(1, 2, sharey=True)
    panels = (
        (1, "INT8 file, MB", (0.1, 0.3, 1, 3, 10)),
        (2, "ms a film, float32", (0.3, 0.5, 1, 2)),
    )
    for axis, (column, words, ticks) in zip(axes, panels, strict=True):
        for point in points:
            name, x, auc, low, high = point[0], point[column], *point[3:]
            axis.errorbar(x, auc, [[auc - low], [high - auc]], fmt="o", capsize=3, color="#0072b2")
            where = {"va": "top", "ha": "center", "textcoords": "offset points", "rotation": 90}
            axis.annotate(
                name.removeprefix("efficientnet_"), (x, low), (0, -6), fontsize=8, **where
            )
        axis.set_xscale("log")
        axis.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        axis.minorticks_off()
        axis.margins(x=0.12)
        axis.set_xlabel(words)
        axis.grid(alpha=0.3)
    bottom, top = axes[0].get_ylim()
    axes[0].set_ylim(bottom - 0.45 * (top - bottom), top)
    axes[0].set_ylabel("test AUC, 95 % interval")
    figure.savefig(PLOT, metadata={"Date": None, "Creator": None})


def _read_all(folder: Path) -> dict[str, Predictions]:
    """All predictions of one seed, and the mean of the teachers' where there are several."""
    found = {file.stem: _read(file) for file in sorted(folder.glob("*.csv"))}
    teachers = [p for name, p in found.items() if name.startswith("teacher")]
    if len(teachers) > 1:
        mean = np.mean([p.probability for p in teachers], axis=0)
        found[f"{len(teachers)} teachers, averaged"] = replace(teachers[0], probability=mean)
    return found


def _read(file: Path) -> Predictions:
    return read_predictions(file, "PNEUMONIA")


def _auc(p: Predictions) -> float:
    return float(roc_auc_score(p.truth, p.probability))


def _accuracy(p: Predictions) -> float:
    return float(((p.probability >= 0.5) == p.truth).mean())


def difference(pairs: list[tuple[Predictions, Predictions]]) -> tuple[float, Interval]:
    """Mean AUC of the second minus the first over seeds, and its interval."""
    first, second = ([pair[n] for pair in pairs] for n in (0, 1))
    gains = aucs(second) - aucs(first)
    drawn = seed_draws(len(pairs), RESAMPLES, np.random.default_rng(0))
    by_draw = auc_draws(second, RESAMPLES, 0) - auc_draws(first, RESAMPLES, 0)
    interval = interval_over_seeds(mean_over_seeds(by_draw, drawn), gains, first)
    assert interval is not None
    return float(gains.mean()), interval


if __name__ == "__main__":
    main()
