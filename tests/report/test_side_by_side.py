"""comparison.json: the agreed keys, figures that can be recomputed, honest refusals."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from finished_run import compared
from radistill.config import EvaluationConfig
from radistill.errors import RadistillError, UsageError
from radistill.metrics.paired import delong
from radistill.metrics.predictions import Predictions, read_predictions
from radistill.metrics.score import score_model, score_predictions
from radistill.schema.comparison import ModelMetrics
from radistill.schema.figures import Confusion
from radistill.schema.record import read_record, write_record

CONFIG = EvaluationConfig(bootstrap=100)


def predictions(truth, probability):
    n = len(truth)
    names = tuple(str(i) for i in range(n))
    label = tuple("PNEUMONIA" if t else "NORMAL" for t in truth)
    return Predictions(names, names, label, np.asarray(probability, float), "PNEUMONIA")


def test_keys_as_agreed(make_run):
    run, comparison = make_run()
    written = json.loads((run / "comparison.json").read_text())
    assert set(written) == {"format", "dataset", "models", "pairs"}
    assert {"name", "classes", "counts", "protocol"} <= set(written["dataset"])
    for model in written["models"]:
        assert set(model) >= {"name", "architecture", "test", "cost", "training_seconds"}
        assert set(model["test"]) >= {
            "n",
            "auc",
            "auc_ci",
            "pr_auc",
            "accuracy",
            "f1",
            "precision",
            "recall",
            "specificity",
            "brier",
            "ece",
            "confusion",
            "threshold",
        }
        assert set(model["cost"]) >= {
            "parameters",
            "macs",
            "file_bytes",
            "latency_ms_p50",
            "latency_ms_p95",
            "threads",
        }
    for pair in written["pairs"]:
        assert {"a", "b", "auc_difference", "ci", "delong_p", "mcnemar_p"} <= set(pair)
    assert len(comparison.pairs) == 6
    assert {frozenset((p.a, p.b)) for p in comparison.pairs} >= {
        frozenset(("student", "student-alone")),
        frozenset(("student", "teacher")),
    }


def test_figures_can_be_recomputed_from_the_csv(make_run):
    run, comparison = make_run()
    read = {}
    for model in comparison.models:
        p = read[model.name] = read_predictions(run / model.name / "predictions.csv", "PNEUMONIA")
        test = model.test
        assert test.auc == roc_auc_score(p.truth, p.probability)
        assert test.accuracy == ((p.probability >= test.threshold) == p.truth).mean()
        assert test.auc_ci[0] <= test.auc <= test.auc_ci[1]
    for pair in comparison.pairs:
        a, b = read[pair.a], read[pair.b]
        expected = delong(a.truth, a.probability, b.probability)
        assert pair.auc_difference == pytest.approx(expected.difference)
        assert pair.delong_p == expected.p
        assert pair.ci[0] <= pair.auc_difference <= pair.ci[1]


def test_same_seed_same_comparison(make_run):
    run, comparison = make_run(models=("teacher", "student"))
    config = EvaluationConfig(bootstrap=200)
    again = compared(run, ("teacher", "student"), comparison.dataset, config)
    assert again == comparison


@pytest.mark.parametrize("models", [("teacher",), ("teacher", "student")])
def test_some_models_only(make_run, models):
    _, comparison = make_run(models=models)
    assert [model.name for model in comparison.models] == list(models)
    assert len(comparison.pairs) == len(models) - 1


@pytest.mark.parametrize(
    ("models", "pairs"),
    [
        (("baseline", "teacher-1", "teacher-2", "teacher", "student-alone", "student"), 6),
        (("teacher-1", "teacher-2"), 1),
    ],
)
def test_single_teachers_are_not_paired_beside_their_average(make_run, models, pairs):
    """They answer no question, and Holm's correction would count them."""
    _, comparison = make_run(models=models)
    assert [model.name for model in comparison.models] == list(models)
    assert len(comparison.pairs) == pairs
    single = [pair for pair in comparison.pairs if "teacher-" in pair.a + pair.b]
    assert bool(single) == ("teacher" not in models)


def test_three_classes_are_positive_against_the_rest(make_run):
    run, comparison = make_run(classes=("NORMAL", "VIRUS", "BACTERIA"))
    test = comparison.models[0].test
    p = read_predictions(run / "baseline" / "predictions.csv", "BACTERIA")
    assert test.auc == roc_auc_score(p.truth, p.probability)
    assert test.macro_auc == pytest.approx(
        roc_auc_score(
            p.label,
            p.scores[:, [2, 0, 1]],
            multi_class="ovr",
            labels=["BACTERIA", "NORMAL", "VIRUS"],
        )
    )


def test_a_model_that_calls_nothing_positive_is_compared_all_the_same(make_run):
    run, comparison = make_run(models=("teacher", "student"))
    file = run / "teacher" / "metrics.json"
    scored = read_record(ModelMetrics, file)
    p = read_predictions(run / "teacher" / "predictions.csv", "PNEUMONIA")
    figures, _ = score_predictions(p, 1.0, CONFIG, 0)
    write_record(file, scored.model_copy(update={"test": figures}))
    found = compared(run, ("teacher", "student"), comparison.dataset, CONFIG)
    assert found.models[0].test.precision is None
    assert found.models[0].test.precision_ci is None
    assert "precision" not in found.pairs[0].differences
    assert "recall" in found.pairs[0].differences


def test_models_on_other_films_are_not_compared(make_run):
    run, comparison = make_run(models=("teacher", "student"))
    file = run / "student" / "predictions.csv"
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join([lines[0], *reversed(lines[1:])]))
    with pytest.raises(RadistillError, match="not the films that teacher was scored on"):
        compared(run, ("teacher", "student"), comparison.dataset, CONFIG)


@pytest.mark.parametrize(("content", "message"), [(None, "cannot be read"), ("{", "is not JSON")])
def test_missing_or_damaged_metrics(make_run, content, message):
    run, comparison = make_run(models=("teacher",))
    file = run / "teacher" / "metrics.json"
    file.unlink() if content is None else file.write_text(content)
    with pytest.raises(RadistillError, match=message):
        compared(run, ("teacher",), comparison.dataset, CONFIG)


def test_threshold_comes_from_validation(tmp_path):
    val = predictions([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9])
    test = predictions([0, 1, 1, 0], [0.6, 0.7, 0.4, 0.1])
    result = score_model(tmp_path, val=val, test=test, config=CONFIG, seed=0)
    assert result.threshold == result.test.threshold == pytest.approx(0.5)
    assert result.test.confusion == Confusion(tn=1, fp=1, fn=1, tp=1)
    assert result.val.accuracy == 1
    assert read_record(ModelMetrics, tmp_path / "metrics.json") == result


def test_one_class_in_validation_or_test(tmp_path):
    one = predictions([1, 1], [0.4, 0.9])
    both = predictions([0, 1], [0.4, 0.9])
    result = score_model(tmp_path, val=one, test=both, config=CONFIG, seed=0)
    assert result.threshold == 0.5
    assert "one class" in result.threshold_rule
    result = score_model(tmp_path, val=both, test=one, config=CONFIG, seed=0)
    assert result.test.auc is None
    assert result.test.auc_ci is None


def test_no_test_films(tmp_path):
    none = predictions([], [])
    with pytest.raises(UsageError, match="no test films"):
        score_model(tmp_path, val=none, test=none, config=CONFIG, seed=0)
    assert not (tmp_path / "metrics.json").exists()


def test_no_validation_films(tmp_path):
    result = score_model(
        tmp_path,
        val=predictions([], []),
        test=predictions([0, 1], [0.1, 0.9]),
        config=CONFIG,
        seed=0,
    )
    assert result.val is None
    assert result.threshold == 0.5
