"""What a general network as teacher brings at another hospital, over seeds.

    cd runs/general
    for model in seed-*/hinton*; do generality.py $model --data adults --out judged/$model; done
    generality_gain.py adults --taught judged/seed-*/hinton-general --others judged/seed-*/hinton

Reads what the heads of `generality.py` said of each film. Prints for each source of normals the
mean AUC of both, the gain, and its 95 % interval over seeds and patients (metrics/over_seeds.py).
"""

import argparse
import csv
from pathlib import Path

import numpy as np
from tables import difference

from radistill.metrics.over_seeds import aucs
from radistill.metrics.predictions import Predictions, read_predictions


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder with labels.csv")
    parser.add_argument("--taught", type=Path, nargs="+", required=True, help="one a seed")
    parser.add_argument("--others", type=Path, nargs="+", required=True, help="the same seeds")
    options = parser.parse_args()
    with (options.data / "labels.csv").open(newline="") as file:
        source = {row["path"]: row["source"] for row in csv.DictReader(file)}
    taught, others = (
        [read_predictions(folder / "embedding.csv", "PNEUMONIA") for folder in folders]
        for folders in (options.taught, options.others)
    )
    if len(taught) != len(others):
        parser.error("--taught and --others are of different numbers of seeds")
    for kind in sorted(set(source.values())):
        first, second = (
            [_against(one, source, kind) for one in models] for models in (others, taught)
        )
        gain, (low, high) = difference(list(zip(first, second, strict=True)))
        print(
            f"against normals by {kind}, {len(first)} seeds: {aucs(first).mean():.3f} without, "
            f"{aucs(second).mean():.3f} with: {gain:+.3f} ({low:+.3f} to {high:+.3f})"
        )


def _against(films: Predictions, source: dict[str, str], kind: str) -> Predictions:
    """The positives and the normals of one source."""
    of_kind = np.array([source[path] == kind for path in films.path])
    return films.rows(np.flatnonzero(films.truth | of_kind))


if __name__ == "__main__":
    main()
