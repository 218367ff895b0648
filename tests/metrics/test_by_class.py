"""Each class against the rest: by scikit-learn, and where a class is never predicted."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import classification_report, roc_auc_score

from radistill.metrics.by_class import by_class
from radistill.metrics.predictions import Predictions

CLASSES = ("A", "B", "C")


def predictions(never: str = "") -> Predictions:
    rng = np.random.default_rng(0)
    label = tuple(rng.choice(CLASSES, 150, p=[0.5, 0.4, 0.1]))
    scores = rng.random((150, 3)) + 0.4 * (np.array(label)[:, None] == np.array(CLASSES))
    if never:
        scores[:, CLASSES.index(never)] /= 100
    scores /= scores.sum(axis=1, keepdims=True)
    names = tuple(map(str, range(150)))
    return Predictions(names, names, label, scores[:, 1], "B", scores, CLASSES)


def test_figures_are_those_of_scikit_learn():
    p = predictions()
    chosen = np.array(CLASSES)[p.scores.argmax(axis=1)]
    expected = classification_report(p.label, chosen, output_dict=True)
    found = by_class(p, p.scores, 200, 0)
    for name, figures in found.classes.items():
        assert figures.precision == pytest.approx(expected[name]["precision"])
        assert figures.recall == pytest.approx(expected[name]["recall"])
        assert figures.f1 == pytest.approx(expected[name]["f1-score"])
        assert figures.n == expected[name]["support"]
    assert found.macro.f1 == pytest.approx(expected["macro avg"]["f1-score"])
    assert found.weighted.f1 == pytest.approx(expected["weighted avg"]["f1-score"])
    auc = roc_auc_score(p.label, p.scores, multi_class="ovr")
    assert found.macro.auc == pytest.approx(auc)
    assert found.macro.f1_ci[0] < found.macro.f1 < found.macro.f1_ci[1]


def test_a_class_that_is_never_predicted_has_no_precision_and_no_interval_of_it():
    p = predictions(never="C")
    found = by_class(p, p.scores, 200, 0)
    assert found.classes["C"].precision is None
    assert found.classes["C"].recall == 0
    assert found.macro.precision == pytest.approx(
        (found.classes["A"].precision + found.classes["B"].precision) / 2
    )
    assert found.macro.precision_ci is None
    assert found.macro.recall_ci is not None


def test_a_mean_that_is_the_same_in_every_resample_has_no_interval():
    p = predictions()
    scores = np.tile([0.2, 0.7, 0.1], (150, 1))  # B is predicted for every film
    found = by_class(p, scores, 200, 0)
    assert found.macro.specificity == pytest.approx(2 / 3)
    assert found.macro.specificity_ci is None
