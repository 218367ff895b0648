"""The ablation's tables, from the committed predictions alone.

    python experiments/tables.py            # or: make results

One row a method: AUC on the official test films, mean over seeds and the range, and the difference
from the student alone of the same seed. Its 95 % interval is a bootstrap over patients and over
seeds at once, so it holds the chance of the test films and that of the training.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

from radistill.evaluation.intervals import patient_weights, percentile_interval, weighted_auc
from radistill.evaluation.predictions import Predictions, read_predictions

HERE = Path(__file__).parent / "ablation"
ALONE = "student-alone"
RESAMPLES = 2000


def main() -> None:
    seeds = sorted(HERE.glob("seed-*"))
    if not seeds:
        raise SystemExit(f"{HERE}: no predictions yet; make them with experiments/ablation.py")
    names = sorted({file.stem for seed in seeds for file in seed.glob("*.csv")})
    alone = [_read(seed, ALONE) for seed in seeds]
    print(f"{len(seeds)} seeds, {len(alone[0])} test films, {RESAMPLES} resamples\n")
    print("| Method | Mean AUC | Range | Over the student alone | 95 % interval |")
    print("| --- | ---: | ---: | ---: | ---: |")
    rows = []
    for name in names:
        there = [(own, _read(seed, name)) for own, seed in zip(alone, seeds, strict=True)
                 if (seed / f"{name}.csv").exists()]  # fmt: skip
        aucs = [float(roc_auc_score(theirs.truth, theirs.probability)) for _, theirs in there]
        rows.append((float(np.mean(aucs)), name, aucs, there))
    for mean, name, aucs, there in sorted(rows, reverse=True):
        line = f"| {name} | {mean:.4f} | {min(aucs):.4f} to {max(aucs):.4f} |"
        if name == ALONE:
            print(line + " | |")
            continue
        difference, (low, high) = _difference(there)
        print(f"{line} {difference:+.4f} | {low:+.4f} to {high:+.4f} |")


def _read(seed: Path, name: str) -> Predictions:
    return read_predictions(seed / f"{name}.csv", "PNEUMONIA")


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
    observed = [roc_auc_score(truth, b.probability) - roc_auc_score(truth, a.probability)
                for a, b in pairs]  # fmt: skip
    return float(np.mean(observed)), percentile_interval(means)


if __name__ == "__main__":
    main()
