"""The shipped model on adults of another hospital, before and after `radistill adapt`.

`python experiments/adults.py SHARED/data ADAPTED`, ADAPTED made by `radistill adapt
pneumonia-children --data SHARED/data/adults --labels SHARED/data/adults/labels.csv --out ADAPTED`.
Prints the AUC of positives against the normals of each source (the lower one counts), observed over
expected and calibration slope of the outer folds, how many of 1,700 other adults of that hospital
are abstained on, and how many drawn pictures are.
"""

import csv
import sys
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

from radistill.adapt.local_adaptation import records_of
from radistill.export.outliers import outliers
from radistill.metrics.predictions import read_predictions
from radistill.metrics.reliability import slope
from radistill.runtime import Predictor
from radistill.runtime.decision import picture_reasons
from radistill.runtime.open_bundle import Bundle

PICTURES, SEED = 300, 7  # not those that the limits were set beside


def main(data: Path, adapted: Path) -> None:
    with (data / "adults" / "labels.csv").open() as file:
        source = {row["path"]: row["source"] for row in csv.DictReader(file)}
    p = read_predictions(records_of(adapted) / "predictions.csv", "PNEUMONIA")
    films = [data / "adults" / path for path in p.path]
    shipped = Predictor.load("pneumonia-children")
    before = [answer.probability for answer in shipped.predict(films, any_population=True)]
    for name, scores in (("as shipped", np.array(before)), ("outer folds", p.probability)):
        for kind in sorted(set(source.values())):
            of = np.array([source[path] == kind for path in p.path]) | p.truth
            auc = roc_auc_score(p.truth[of], scores[of])
            print(f"{name}: AUC against normals by {kind} {auc:.3f}")
        print(f"{name}: O/E {p.truth.mean() / scores.mean():.2f}, slope {slope(p.truth, scores)}")
    others = sorted((data / "adults_unlabelled").glob("*.jpg"))
    for model in (shipped, Predictor.load(adapted)):
        decisions = [answer.decision for answer in model.predict(others)]
        share = decisions.count("abstain") / len(others)
        print(
            f"{model.bundle.folder.name}: abstains on {share:.3f} of {len(others)} other adults, "
            f"on {_refused(model.bundle):.3f} of {PICTURES} drawn pictures"
        )


def _refused(bundle: Bundle) -> float:
    side = bundle.card.input_size
    pictures = outliers(PICTURES, side, seed=SEED)
    embeddings = bundle.run(pictures).embedding
    shapes = [(side, side)] * PICTURES
    return float(
        np.mean([bool(r) for r in picture_reasons(bundle.card, pictures, shapes, embeddings)])
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
