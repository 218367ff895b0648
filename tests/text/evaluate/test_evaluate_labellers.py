"""Figures against other implementations, and the report."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import f1_score, roc_auc_score

from radistill.text.evaluate.crossval import Scored
from radistill.text.evaluate.evaluate_labellers import Evaluation, crossvalidated, external
from radistill.text.evaluate.labeller_plots import reliability
from radistill.text.evaluate.report_page import file_name, write_report
from radistill.text.evaluate.scores import figures
from radistill.text.labeller.builtin import tagged_reports
from radistill.text.labeller.labeller import load_labeller
from radistill.text.read.collection import Reports


@pytest.fixture(scope="module")
def done() -> Evaluation:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("radistill.text.evaluate.evaluate_labellers.STEPS", ("negation",))
        patch.setattr("radistill.text.evaluate.crossval.FOLDS", 3)
        patch.setattr("radistill.text.labeller.learn.INNER_FOLDS", 2)
        return crossvalidated(tagged_reports(75, seed=1), 0, resamples=100)


def test_figures_are_those_of_scikit_learn(done: Evaluation) -> None:
    for one in done.answers:
        for name, found in done.figures["tasks"][one.asked.name].items():
            scored = one.scored[name]
            assert found["auc"] == pytest.approx(roc_auc_score(one.truth, scored.probability))
            assert found["f1"] == pytest.approx(f1_score(one.truth, scored.called))
            assert found["auc_ci"][0] <= found["auc"] <= found["auc_ci"][1] + 1e-9
            assert found["f1_ci"][0] <= found["f1"] <= found["f1_ci"][1]
            assert found["positives"] == one.truth.sum()


def test_what_the_issue_asks_for_is_there(done: Evaluation) -> None:
    tasks = done.figures["tasks"]
    assert set(tasks) == {"normal-abnormal", "opacity-rest", "normal-opacity"}
    wanted = {"auc", "auc_ci", "f1", "f1_ci", "precision", "recall", "threshold", "n", "positives"}
    for models in tasks.values():
        assert set(models) == {"naive_bayes", "best", "rules"}
        assert all(wanted <= set(figures) for figures in models.values())
    json.dumps(done.figures, allow_nan=False)


def test_intervals_draw_whole_texts() -> None:
    """Ten copies of each text must not make the interval narrower."""
    rng = np.random.default_rng(0)
    truth = rng.random(60) < 0.5
    p = np.clip(0.5 * truth + rng.random(60) * 0.8, 0, 1)
    one = figures(truth, Scored(p, p > 0.6, [0.6]), np.arange(60).astype(str), 500, 0)
    many = figures(
        np.repeat(truth, 10),
        Scored(np.repeat(p, 10), np.repeat(p > 0.6, 10), [0.6]),
        np.repeat(np.arange(60).astype(str), 10),
        500,
        0,
    )
    for key in ("auc_ci", "f1_ci"):
        assert np.diff(many[key]) == pytest.approx(np.diff(one[key]), rel=0.35)


def test_the_report_and_its_predictions(done: Evaluation, tmp_path: Path) -> None:
    page = write_report(tmp_path, done).read_text()
    assert "not a medical device" in page
    assert "<script" not in page
    assert page.count("data:image/svg+xml") >= 12
    assert json.loads((tmp_path / "figures.json").read_text()) == done.figures
    with (tmp_path / "opacity-rest" / "naive_bayes.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    auc = roc_auc_score(
        [r["label"] == "opacity" for r in rows], [float(r["probability"]) for r in rows]
    )
    assert auc == pytest.approx(done.figures["tasks"]["opacity-rest"]["naive_bayes"]["auc"])


def test_a_finished_labeller_is_scored_with_its_own_threshold(
    invented: Reports, tmp_path: Path
) -> None:
    labeller = load_labeller("builtin")
    done = external(invented, labeller, 0, resamples=100)
    found = done.figures["tasks"]["opacity-rest"]["naive_bayes"]
    assert found["threshold"] == labeller.questions[0].threshold
    assert found["auc"] > 0.95
    assert write_report(tmp_path, done).exists()


def test_ablation_takes_one_step_at_a_time(done: Evaluation) -> None:
    rows = done.figures["ablation"]
    assert [row["without"] for row in rows] == ["nothing", "negation"] * 3
    assert {"task", "without", "auc", "f1"} <= set(rows[0])
    opacity = [row for row in rows if row["task"] == "opacity-rest"]
    assert opacity[1]["auc"] < opacity[0]["auc"]  # these reports deny pneumonia everywhere


def test_reliability_of_a_right_probability() -> None:
    p = np.linspace(0, 1, 20_001)
    truth = np.random.default_rng(0).random(20_001) < p
    said, was, count = reliability(truth, p)
    assert count.sum() == len(p)
    assert was == pytest.approx(said, abs=0.03)


def test_names_of_files() -> None:
    assert file_name("../a b/normal-sick") == "_a_b_normal-sick"
