"""The JSON file says what scikit-learn says, and damaged files are refused."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from radistill.errors import UsageError
from radistill.text.labeller.builtin import make_builtin, tagged_reports
from radistill.text.labeller.decide import decide
from radistill.text.labeller.labeller import Labeller, load_labeller, save_labeller
from radistill.text.labeller.learn import classifier
from radistill.text.labeller.questions import asked_for_training
from radistill.text.labeller.train import train
from radistill.text.nlp.bag import Steps, bag
from radistill.text.nlp.sections import Report
from radistill.text.nlp.transformers import full_pipeline
from radistill.text.read.collection import Entry, Reports


def test_the_file_says_what_scikit_learn_says(
    trained: Labeller, invented: Reports, tmp_path: Path
) -> None:
    save_labeller(tmp_path / "l.json", trained)
    question = load_labeller(tmp_path / "l.json").questions[0]
    asked = asked_for_training(invented, None, "")[0]
    setting = dict(question.training["setting"])
    bigrams = setting.pop("bigrams")
    setting["terms"] = len(question.weights)  # what was found, in silence
    pipeline = full_pipeline(classifier(question.classifier, **setting), bigrams=bigrams)
    reports = [entry.report for entry in invented.entries]
    pipeline.fit(reports, np.array(asked.truth, dtype=bool))
    for report in (e.report for e in tagged_reports(40, seed=9).entries):
        if question.classifier == "logistic":
            expected = pipeline.decision_function([report])[0]
        else:
            x = pipeline[:-1].transform([report])
            negative, positive = pipeline[-1].predict_joint_log_proba(x)[0]
            expected = positive - negative
        hits = question.hits(bag(report, Steps()))
        assert question.log_odds(hits) == pytest.approx(expected, abs=1e-3)
        odds = question.slope * question.log_odds(hits) + question.offset
        assert question.probability(hits) == pytest.approx(1 / (1 + math.exp(-odds)))


def test_the_words_shown_are_those_of_the_report(trained: Labeller) -> None:
    found = bag(Report(findings="Right lower lobe pneumonia."), Steps())
    question = trained.questions[0]
    hits = question.hits(found)
    shown = question.words(hits, 5)
    assert {word for word, _ in shown} <= set(found.features)
    assert [abs(odds) for _, odds in shown] == sorted((abs(o) for _, o in shown), reverse=True)
    everything = question.words(hits, 10_000)
    total = question.intercept + sum(odds for _, odds in everything)
    assert total == pytest.approx(question.log_odds(hits))


def test_the_committed_labeller_is_the_one_the_code_makes(
    all_settings: None, tmp_path: Path
) -> None:
    save_labeller(tmp_path / "again.json", make_builtin())
    again, shipped = load_labeller(tmp_path / "again.json"), load_labeller("builtin")
    assert again.card == shipped.card
    for one, other in zip(again.questions, shipped.questions, strict=True):
        assert one.weights == pytest.approx(other.weights, abs=1e-4)
        assert one.threshold == pytest.approx(other.threshold, abs=1e-6)


def test_applied_without_scikit_learn_or_numpy() -> None:
    code = (
        "import sys\n"
        "for name in ('sklearn', 'scipy', 'numpy', 'torch', 'matplotlib', 'pandas'):\n"
        "    sys.modules[name] = None\n"
        "from radistill.text.labeller import load_labeller\n"
        "from radistill.text.decide import decide\n"
        "from radistill.text.sections import Report\n"
        "report = Report(findings='Left lower lobe pneumonia.')\n"
        "print(decide(load_labeller('builtin'), report).label)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "PNEUMONIA", done.stderr


@pytest.mark.parametrize(
    "damage",
    [
        lambda v: v.pop("format"),
        lambda v: v.update(format="another"),
        lambda v: v["questions"][0]["vocabulary"].pop(),
        lambda v: v["questions"].clear(),
        lambda v: v["questions"][0].update(threshold="high"),
        lambda v: v["questions"][0]["calibration"].update(slope=float("nan")),
        lambda v: v["steps"].update(magic=True),
    ],
)
def test_damaged_files_are_refused(damage, trained: Labeller, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "l.json"
    save_labeller(path, trained)
    value = json.loads(path.read_text())
    damage(value)
    path.write_text(json.dumps(value))
    with pytest.raises(UsageError, match=r"l\.json: is not a labeller"):
        load_labeller(path)


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe", b"[]", b"{}"])
def test_files_that_are_none(content: bytes | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "l.json").write_bytes(content)
    with pytest.raises(UsageError, match=r"l\.json"):
        load_labeller(tmp_path / "l.json")


def labelled(*labels: str) -> Reports:
    entries = [
        Entry(f"{i}", written.report, label)
        for i, (written, label) in enumerate(
            zip(tagged_reports(len(labels), 4).entries, labels, strict=True)
        )
    ]
    return Reports("mine", tuple(entries), "label")


@pytest.mark.parametrize(
    ("reports", "message"),
    [
        (labelled(*["NORMAL"] * 40), "only one class"),
        (labelled(*["NORMAL"] * 30, *["PNEUMONIA"] * 4), "at least 10 of each"),
        (labelled(*[""] * 10), "no labels"),
        (labelled("a", "b") , "is the disease"),
    ],
)  # fmt: skip
def test_what_cannot_be_learnt_from(reports: Reports, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        train(reports, "naive_bayes", 0)


def test_labels_of_ones_own(invented: Reports) -> None:
    names = {"normal": "NORMAL", "pneumonia": "PNEUMONIA", "other": ""}
    entries = tuple(replace(entry, label=names[entry.label]) for entry in invented.entries)
    labeller = train(Reports("mine", entries, "label"), "naive_bayes", 0, rules="opacity")
    assert (labeller.negative, labeller.positive) == ("NORMAL", "PNEUMONIA")
    assert labeller.questions[0].training["reports"] == 100
    assert decide(labeller, Report(findings="Left infiltrate.")).label == "PNEUMONIA"


def test_telling_words_speak_for_their_side(trained: Labeller) -> None:
    for question in trained.questions:
        up, down = question.telling(1000)
        assert all(odds > 0 for _, odds in up)
        assert all(odds < 0 for _, odds in down)
        assert len(up) + len(down) <= len(question.weights)
        assert question.telling(3) == (up[:3], down[:3])
