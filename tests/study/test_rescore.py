"""Figures from predictions files alone, of a run, of a file, and across both."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from sklearn import metrics as sk

from radistill.config import EvaluationConfig
from radistill.errors import UsageError
from radistill.metrics.predictions import Predictions, read_predictions, write_predictions
from radistill.metrics.thresholds import choose_threshold
from radistill.report.formats import render
from radistill.schema.comparison import Comparison
from radistill.schema.record import write_record
from radistill.study.prediction_files import open_sources
from radistill.study.rescore import rescore

from ..finished_run import edited

CONFIG = EvaluationConfig(bootstrap=200)
TWO = ("teacher", "student")


def rescored(paths, config, seed, *, positive=None, models=(), **options):
    return rescore(open_sources(paths, positive, models), config, seed, **options)


def rewrite(file, out, keep=slice(None), label=None):
    """A copy of predictions with some rows, or labels written otherwise."""
    p = read_predictions(file, "PNEUMONIA")
    rows = np.arange(len(p))[keep]
    some = p.rows(rows)
    labels = some.label if label is None else tuple(label.get(x, x) for x in some.label)
    copy = Predictions(some.path, some.patient, labels, some.probability, "PNEUMONIA")
    write_predictions(out, copy)
    return out


def test_a_run_reviewed_is_the_comparison_it_has(make_run):
    run, comparison = make_run(models=TWO)
    again = rescored([run], CONFIG, 0)
    assert again.pairs == comparison.pairs
    for old, new in zip(comparison.models, again.models, strict=True):
        assert old.test == new.test
        assert old.operating_points == new.operating_points
        assert old.calibration == new.calibration
        assert old.cost == new.cost


def test_every_figure_of_a_file_by_scikit_learn_alone(make_run):
    run, comparison = make_run(models=TWO)
    file = run / "student" / "predictions.csv"
    test = rescored([file], CONFIG, 0, positive="PNEUMONIA").models[0].test
    assert test == comparison.models[1].test
    with file.open() as lines:
        rows = list(csv.DictReader(lines))
    truth = np.array([row["label"] == "PNEUMONIA" for row in rows])
    told = np.array([float(row["probability"]) for row in rows])
    called = told >= test.threshold
    plus, minus = sk.class_likelihood_ratios(truth, called)
    expected = {
        "auc": sk.roc_auc_score(truth, told),
        "pr_auc": sk.average_precision_score(truth, told),
        "accuracy": sk.accuracy_score(truth, called),
        "balanced_accuracy": sk.balanced_accuracy_score(truth, called),
        "f1": sk.f1_score(truth, called),
        "precision": sk.precision_score(truth, called),
        "npv": sk.precision_score(truth, called, pos_label=False),
        "recall": sk.recall_score(truth, called),
        "specificity": sk.recall_score(truth, called, pos_label=False),
        "lr_positive": plus,
        "lr_negative": minus,
        "mcc": sk.matthews_corrcoef(truth, called),
        "brier": sk.brier_score_loss(truth, told),
        "log_loss": sk.log_loss(truth, told),
    }
    assert {key: test.value(key) for key in expected} == pytest.approx(expected)


def test_across_a_run_a_model_folder_and_a_file(make_run, tmp_path):
    run, comparison = make_run(models=TWO)
    file = rewrite(run / "student" / "predictions.csv", tmp_path / "other.csv")
    found = rescored([run, run / "teacher", file], CONFIG, 0, models=["student"])
    names = [model.name for model in found.models]
    assert len(set(names)) == 3
    assert "other" in names
    assert len(found.pairs) == 3
    same = next(p for p in found.pairs if {p.a, p.b} == {names[0], "other"})
    assert same.auc_difference == 0
    assert same.ci == (0, 0)
    teacher = next(p for p in found.pairs if p.b == names[1] and p.a == names[0])
    assert teacher.auc_difference == pytest.approx(comparison.pairs[0].auc_difference * -1)
    assert teacher.delong_p_holm >= teacher.delong_p


def test_a_file_alone_has_the_threshold_half_and_says_so(make_run, tmp_path):
    run, _ = make_run(models=TWO)
    file = rewrite(run / "student" / "predictions.csv", tmp_path / "other.csv")
    model = rescored([file], CONFIG, 0).models[0]
    assert model.test.threshold == 0.5
    assert "none is recorded" in model.threshold_rule
    given = rescored([file], CONFIG, 0, threshold=0.3).models[0]
    assert given.test.threshold == 0.3


def test_robustness_at_another_threshold_is_not_shown(make_run):
    run, comparison = make_run(models=TWO)
    threshold = comparison.models[1].test.threshold
    checked = {"films": 9, "threshold": threshold, "curves": []}
    write_record(
        run / "comparison.json",
        edited(comparison, lambda values: values["models"][1].update(robustness=checked)),
    )
    assert rescored([run], CONFIG, 0).models[1].robustness is not None
    assert rescored([run], CONFIG, 0, threshold=threshold).models[1].robustness is not None
    assert rescored([run], CONFIG, 0, threshold=threshold / 2).models[1].robustness is None
    assert rescored([run], CONFIG, 0, rule="sensitivity=0.99").models[1].robustness is None


def test_a_rule_chooses_on_validation(make_run, tmp_path):
    run, _ = make_run(models=TWO)
    found = rescored([run], CONFIG, 0, rule="sensitivity=0.95", models=["student"]).models[0]
    val = read_predictions(run / "student" / "predictions-val.csv", "PNEUMONIA")
    expected = choose_threshold(val.truth, val.probability, "sensitivity=0.95")
    assert found.test.threshold == expected
    (run / "student" / "predictions-val.csv").unlink()
    with pytest.raises(UsageError, match=r"no predictions-val\.csv"):
        rescored([run], CONFIG, 0, rule="sensitivity=0.95", models=["student"])


def test_other_films_only_on_the_intersection_and_only_when_asked(make_run, tmp_path):
    run, _ = make_run(models=TWO)
    half = rewrite(run / "student" / "predictions.csv", tmp_path / "half.csv", slice(0, 100))
    turned = rewrite(
        run / "teacher" / "predictions.csv", tmp_path / "turned.csv", slice(None, None, -1)
    )
    with pytest.raises(UsageError, match=r"different films .*100 in common"):
        rescored([half, turned], CONFIG, 0)
    found = rescored([half, turned], CONFIG, 0, intersect=True)
    assert [model.test.n for model in found.models] == [100, 100]
    p = read_predictions(run / "teacher" / "predictions.csv", "PNEUMONIA").rows(np.arange(100))
    assert found.models[1].test.auc == sk.roc_auc_score(p.truth, p.probability)
    none = rewrite(turned, tmp_path / "none.csv", slice(0, 50))
    with pytest.raises(UsageError, match="no film is in all"):
        rescored([half, none], CONFIG, 0, intersect=True)


def test_labels_in_another_spelling_are_the_same_and_others_are_not(make_run, tmp_path):
    run, _ = make_run(models=TWO)
    spelled = rewrite(
        run / "student" / "predictions.csv",
        tmp_path / "spelled.csv",
        label={"PNEUMONIA": "Pneumonia", "NORMAL": "normal "},
    )
    found = rescored([run / "teacher", spelled], CONFIG, 0)
    assert found.models[0].test.confusion.tp > 0
    assert found.models[1].test.auc > 0.8
    wrong = rewrite(
        run / "student" / "predictions.csv",
        tmp_path / "wrong.csv",
        label={"PNEUMONIA": "NORMAL", "NORMAL": "PNEUMONIA"},
    )
    with pytest.raises(UsageError, match="not of the same labels"):
        rescored([run / "teacher", wrong], CONFIG, 0)


def test_what_holds_no_predictions_is_named(tmp_path, make_run):
    with pytest.raises(UsageError, match="neither a run"):
        rescored([tmp_path], CONFIG, 0)
    run, _ = make_run(models=TWO)
    with pytest.raises(UsageError, match="no model named baseline"):
        rescored([run], CONFIG, 0, models=["baseline"])
    with pytest.raises(UsageError, match="named twice"):
        rescored([run / "student", run / "student"], CONFIG, 0)
    file = rewrite(
        run / "student" / "predictions.csv",
        tmp_path / "x.csv",
        label={"PNEUMONIA": "A", "NORMAL": "B"},
    )
    with pytest.raises(UsageError, match="--positive"):
        rescored([file], CONFIG, 0)


def test_formats_hold_the_figures(make_run):
    _, comparison = make_run(models=TWO)
    assert Comparison.model_validate_json(render(comparison, "json")) == comparison
    rows = list(csv.DictReader(io.StringIO(render(comparison, "csv"))))
    auc = next(r for r in rows if (r["model"], r["figure"]) == ("student", "auc"))
    student = comparison.models[1].test
    assert float(auc["value"]) == student.auc
    assert (float(auc["low"]), float(auc["high"])) == student.auc_ci
    latex = render(comparison, "latex")
    assert latex.count("&") == latex.count(r"\\") * 2
    assert rf"{student.auc:.3f} (" in latex
    assert r"shufflenet\_v2\_x0\_5" in latex
    assert "| student |" in render(comparison, "md")
