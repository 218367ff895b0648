"""Figures against other implementations, and the report."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from sklearn.metrics import f1_score, roc_auc_score

from radistill.metrics.intervals import (
    auc_interval,
    least_patients,
    patient_weights,
    percentile_interval,
    weighted_auc,
)
from radistill.schema.labeller_figures import LabellerEvaluation
from radistill.schema.record import read_record
from radistill.text.evaluate.crossval import HeldOutScores
from radistill.text.evaluate.evaluate_labellers import (
    Evaluation,
    crossvalidated,
    evaluate_finished,
)
from radistill.text.evaluate.report_page import file_name, write_report
from radistill.text.evaluate.scores import TaskScores
from radistill.text.evaluate.terminal import print_figures
from radistill.text.labeller.builtin import tagged_reports
from radistill.text.labeller.labeller import load_labeller
from radistill.text.labeller.tasks import Task
from radistill.text.read.collection import ReportCollection


@pytest.fixture(scope="module")
def done() -> Evaluation:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("radistill.text.evaluate.evaluate_labellers.STEPS", ("negation",))
        patch.setattr("radistill.text.evaluate.crossval.FOLDS", 3)
        patch.setattr("radistill.text.labeller.learn.INNER_FOLDS", 2)
        return crossvalidated(tagged_reports(75, seed=1), 0, resamples=100)


def test_figures_are_those_of_scikit_learn(done: Evaluation) -> None:
    for one in done.scores:
        truth = one.task.truth
        for name, figures in done.figures.tasks[one.task.name].items():
            scores = one.labellers[name]
            assert figures.auc == pytest.approx(roc_auc_score(truth, scores.probability))
            assert figures.f1 == pytest.approx(f1_score(truth, scores.called))
            assert figures.auc_ci is not None
            assert figures.auc_ci[0] <= figures.auc <= figures.auc_ci[1] + 1e-9
            assert figures.f1_ci is not None
            assert figures.f1_ci[0] <= figures.f1 <= figures.f1_ci[1]
            assert figures.positives == truth.sum()


def test_intervals_are_those_of_the_metrics_room(done: Evaluation) -> None:
    """One set of resamples serves all labellers; the numbers are as if each had its own."""
    one = done.scores[1]
    truth, groups = one.task.truth, one.task.groups.tolist()
    best, rules = one.labellers["best"].probability, one.labellers["rules"].probability
    pair = one.pair("best", "rules")
    (weights,) = patient_weights(truth, groups, 100, 0)
    draws = weighted_auc(truth, best, weights) - weighted_auc(truth, rules, weights)
    assert pair.ci == percentile_interval(draws, least_patients(truth, groups))
    assert one.figures("best").auc_ci == auc_interval(truth, best, groups, 100, 0)


def test_what_the_issue_asks_for_is_there(done: Evaluation) -> None:
    assert set(done.figures.tasks) == {"normal-abnormal", "opacity-rest", "normal-opacity"}
    for labellers in done.figures.tasks.values():
        assert set(labellers) == {"naive_bayes", "best", "rules"}


def test_keys_of_the_file_stay(done: Evaluation) -> None:
    value = json.loads(done.figures.model_dump_json(exclude_unset=True))
    assert list(value) == ["dataset", "tasks", "comparisons", "pairs", "agreement", "ablation"]
    figures = value["tasks"]["opacity-rest"]["naive_bayes"]
    wanted = {"auc", "auc_ci", "f1", "f1_ci", "precision", "recall", "threshold", "n", "positives"}
    assert wanted <= set(figures)
    assert set(figures["settings"][0]) == {"kind", "bigrams", "terms", "smoothing"}
    assert value["tasks"]["opacity-rest"]["rules"]["settings"][0] == {"kind": "rules"}
    assert set(value["ablation"][0]) == {"task", "without", "auc", "f1"}
    assert set(value["ablation"][1]) == {"task", "without", "auc", "f1", "auc_change", "ci"}


def _scores(truth: np.ndarray, p: np.ndarray, groups: np.ndarray) -> TaskScores:
    task = Task("a-b", "a", "b", "", ("a", "b"), np.arange(len(truth)), truth, groups, 0)
    return TaskScores(task, {"one": HeldOutScores(p, p > 0.6, [0.6])}, 500, 0)


def test_intervals_draw_whole_texts() -> None:
    """Ten copies of each text must not make the interval narrower."""
    rng = np.random.default_rng(0)
    truth = rng.random(60) < 0.5
    p = np.clip(0.5 * truth + rng.random(60) * 0.8, 0, 1)
    groups = np.arange(60).astype(str)
    one = _scores(truth, p, groups).figures("one")
    many = _scores(*(np.repeat(values, 10) for values in (truth, p, groups))).figures("one")
    assert np.diff(many.auc_ci) == pytest.approx(np.diff(one.auc_ci), rel=0.35)
    assert np.diff(many.f1_ci) == pytest.approx(np.diff(one.f1_ci), rel=0.35)


def test_the_report_and_its_predictions(done: Evaluation, tmp_path: Path) -> None:
    page = write_report(tmp_path, done).read_text()
    assert "not a medical device" in page
    assert "<script" not in page
    assert page.count("data:image/svg+xml") >= 12
    assert read_record(LabellerEvaluation, tmp_path / "figures.json") == done.figures
    with (tmp_path / "opacity-rest" / "naive_bayes.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    auc = roc_auc_score(
        [r["label"] == "opacity" for r in rows], [float(r["probability"]) for r in rows]
    )
    assert auc == pytest.approx(done.figures.tasks["opacity-rest"]["naive_bayes"].auc)


def test_a_finished_labeller_is_scored_with_its_own_threshold(
    invented: ReportCollection, tmp_path: Path
) -> None:
    labeller = load_labeller("builtin")
    done = evaluate_finished(invented, labeller, 0, resamples=100)
    figures = done.figures.tasks["opacity-rest"]["naive_bayes"]
    assert figures.threshold == labeller.questions[0].threshold
    assert figures.auc is not None
    assert figures.auc > 0.95
    assert write_report(tmp_path, done).exists()
    assert set(json.loads((tmp_path / "figures.json").read_text())) == {"dataset", "tasks"}


def test_ablation_takes_one_step_at_a_time(done: Evaluation) -> None:
    rows = done.figures.ablation
    assert [row.without for row in rows] == ["nothing", "negation"] * 3
    opacity = [row for row in rows if row.task == "opacity-rest"]
    assert opacity[1].auc < opacity[0].auc  # these reports deny pneumonia everywhere
    assert opacity[1].auc_change == pytest.approx(opacity[1].auc - opacity[0].auc)


def test_figures_at_the_terminal(done: Evaluation) -> None:
    console = Console(record=True, width=100)
    print_figures(done.figures, console)
    text = console.export_text()
    assert "opacity-rest: 75 reports, 25 positive" in text
    assert "naive Bayes without one step" in text
    assert f"{done.figures.tasks['opacity-rest']['best'].f1:.3f}" in text


def test_names_of_files() -> None:
    assert file_name("../a b/normal-sick") == "_a_b_normal-sick"
