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

import numpy as np
from sklearn.metrics import roc_auc_score

from radistill.metrics.intervals import (
    auc_interval,
    least_patients,
    patient_weights,
    percentile_interval,
    weighted_auc,
)
from radistill.metrics.predictions import Predictions, read_predictions

HERE = Path(__file__).parent
PLOT = HERE.parent / "docs" / "frontier.svg"
ALONE = "student-alone"
RESAMPLES = 2000


def main() -> None:
    for name, films in (("held-out", "films of held-out prefixes"), ("ablation", "test films")):
        seeds = sorted((HERE / name).glob("seed-*"))
        if seeds:
            ablation(seeds, films)
    for fraction in sorted((HERE / "few-labels").glob("*"), key=lambda folder: float(folder.name)):
        few = f"test films, labels of {float(fraction.name):.0%} of the patients"
        ablation(sorted(fraction.glob("seed-*")), few)
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
        there = [(seed[ALONE], seed[name]) for seed in seeds if name in seed]
        rows.append((float(np.mean([_auc(theirs) for _, theirs in there])), name, there))
    for mean, name, there in sorted(rows, key=lambda row: -row[0]):
        aucs = [_auc(theirs) for _, theirs in there]
        right = np.mean([_accuracy(theirs) for _, theirs in there])
        line = f"| {name} | {len(there)} | {mean:.4f} | {min(aucs):.4f} to {max(aucs):.4f} "
        line += f"| {right:.3f} |"
        if name == ALONE:
            print(line + " | |")
            continue
        difference, (low, high) = _difference(there)
        print(f"{line} {difference:+.4f} | {low:+.4f} to {high:+.4f} |")


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


def _draw(points: list[tuple[str, float, float, float, float, float]]) -> None:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    # The same file from the same table, whatever the CPU and the fonts: values as printed, text
    # left to whoever shows it, margins that no text decides.
    mpl.rcdefaults()
    mpl.rcParams |= {"svg.hashsalt": "radistill", "svg.fonttype": "none"}
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


def _difference(pairs: list[tuple[Predictions, Predictions]]) -> tuple[float, tuple[float, float]]:
    """Mean AUC of the second minus the first over seeds, and its interval."""
    first = pairs[0][0]
    if any(p.path != first.path for pair in pairs for p in pair):
        raise SystemExit("the predictions are of different films; run the ablation again")
    truth, draws = first.truth, []
    for weights in patient_weights(truth, first.patient, RESAMPLES, 0):
        draws.append(np.stack([weighted_auc(truth, b.probability, weights)
                               - weighted_auc(truth, a.probability, weights)
                               for a, b in pairs], axis=1))  # fmt: skip
    by_seed = np.concatenate(draws)
    random = np.random.default_rng(0)
    chosen = random.integers(len(pairs), size=by_seed.shape)
    means = np.take_along_axis(by_seed, chosen, axis=1).mean(axis=1)
    observed = [_auc(b) - _auc(a) for a, b in pairs]
    patients = least_patients(truth, first.patient)
    return float(np.mean(observed)), percentile_interval(means, patients)


if __name__ == "__main__":
    main()
