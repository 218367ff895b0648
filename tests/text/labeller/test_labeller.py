"""The JSON file says what scikit-learn says, and damaged files are refused."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import Pipeline

from radistill.errors import UsageError
from radistill.schema.labeller_file import Labeller, Labels
from radistill.text.labeller.builtin import make_builtin, tagged_reports
from radistill.text.labeller.decide import decide
from radistill.text.labeller.labeller import (
    ask,
    class_terms,
    load_labeller,
    log_odds,
    save_labeller,
    strongest_terms,
)
from radistill.text.labeller.learn import classifier
from radistill.text.labeller.tasks import tasks_of
from radistill.text.labeller.train import train
from radistill.text.nlp.bag import Steps, bag
from radistill.text.nlp.sections import Report
from radistill.text.read.collection import ReportCollection, ReportRecord


def test_the_file_says_what_scikit_learn_says(
    trained: Labeller, invented: ReportCollection, tmp_path: Path
) -> None:
    save_labeller(tmp_path / "l.json", trained)
    question = load_labeller(tmp_path / "l.json").questions[0]
    task = tasks_of(invented, names=[question.name])[0]
    setting = question.training.setting
    terms = len(question.vocabulary)  # as many as there were, without a warning
    model = classifier(question.classifier, setting.model_copy(update={"terms": terms}))
    steps = Steps(bigrams=setting.bigrams)
    words = CountVectorizer(analyzer=lambda r: bag(r, steps).features, binary=True, min_df=2)
    pipeline = Pipeline([("bag", words), *model.steps])
    pipeline.fit([record.report for record in invented.records], task.truth)
    for report in (record.report for record in tagged_reports(40, seed=9).records):
        if question.classifier == "logistic":
            expected = pipeline.decision_function([report])[0]
        else:
            x = pipeline[:-1].transform([report])
            negative, positive = pipeline[-1].predict_joint_log_proba(x)[0]
            expected = positive - negative
        answer = ask(question, bag(report, Steps()))
        assert log_odds(question, answer.terms) == pytest.approx(expected, abs=1e-3)
        odds = question.calibration.slope * log_odds(question, answer.terms)
        odds += question.calibration.offset
        assert answer.probability == pytest.approx(1 / (1 + math.exp(-odds)))


def test_the_terms_shown_are_those_of_the_report(trained: Labeller) -> None:
    words = bag(Report(findings="Right lower lobe pneumonia."), Steps())
    answer = ask(trained.questions[0], words)
    shown = strongest_terms(answer, 5)
    assert {term for term, _ in shown} <= set(words.features)
    assert [abs(odds) for _, odds in shown] == sorted((abs(o) for _, o in shown), reverse=True)
    total = sum(odds for _, odds in strongest_terms(answer, 10_000))
    question = answer.question
    assert question.base_odds + total == pytest.approx(log_odds(question, answer.terms))


def test_what_is_saved_is_read_back(trained: Labeller, tmp_path: Path) -> None:
    save_labeller(tmp_path / "l.json", trained)
    assert load_labeller(tmp_path / "l.json") == trained


def test_a_file_of_the_version_before_is_read(tmp_path: Path) -> None:
    """Version 0.1.0 wrote these keys; its owner added a line to the card."""
    question = {
        "name": "a-b",
        "negative": "a",
        "positive": "b",
        "classifier": "logistic",
        "training": {
            "reports": 90,
            "positives": 40,
            "setting": {"bigrams": True, "terms": None, "smoothing": 1.0},
        },
        "threshold": 0.4,
        "calibration": {"slope": 2.0, "offset": -0.5},
        "rules": {"question": "", "threshold": 0.5},
        "vocabulary": ["pneumonia", "no:pneumonia"],
        "intercept": -1.0,
        "weights": [3.0, -3.0],
    }
    value = {
        "format": "radistill text labeller 1",
        "card": {
            "made_by": "radistill 0.1.0",
            "trained_on": {"source": "mine", "reports": 90, "seed": 0},
            "language": "English",
            "intended_use": "teaching",
            "ward": "4b",
        },
        "labels": {"negative": "A", "positive": "B"},
        "steps": {"sections": True, "negation": True, "stop_words": True, "lemmas": True}
        | {"bigrams": True, "keywords": True},
        "questions": [question],
    }
    (tmp_path / "l.json").write_text(json.dumps(value))
    labeller = load_labeller(tmp_path / "l.json")
    decision = decide(labeller, Report(findings="Pneumonia on the left."))
    assert (decision.label, decision.terms) == ("B", (("pneumonia", 3.0),))
    assert decision.probability == pytest.approx(1 / (1 + math.exp(-3.5)))
    save_labeller(tmp_path / "again.json", labeller)
    assert json.loads((tmp_path / "again.json").read_text()) == value


def test_the_committed_labeller_is_the_one_the_code_makes(
    all_settings: None, tmp_path: Path
) -> None:
    save_labeller(tmp_path / "again.json", make_builtin())
    again, shipped = load_labeller(tmp_path / "again.json"), load_labeller("builtin")
    assert again.card == shipped.card
    for one, other in zip(again.questions, shipped.questions, strict=True):
        assert one.term_odds == pytest.approx(other.term_odds, abs=1e-4)
        assert one.threshold == pytest.approx(other.threshold, abs=1e-6)


def test_applied_without_scikit_learn_or_numpy() -> None:
    code = (
        "import sys\n"
        "for name in ('sklearn', 'scipy', 'numpy', 'torch', 'matplotlib', 'pandas'):\n"
        "    sys.modules[name] = None\n"
        "from radistill.text import load_labeller\n"
        "from radistill.text.labeller.decide import decide\n"
        "from radistill.text.nlp.sections import Report\n"
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
        lambda v: [v["questions"][0].pop(key, None) for key in ("log_prior", "intercept")],
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
def test_what_is_no_labeller(content: bytes | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "l.json").write_bytes(content)
    with pytest.raises(UsageError, match=r"l\.json"):
        load_labeller(tmp_path / "l.json")


def labelled(*labels: str) -> ReportCollection:
    records = [
        ReportRecord(f"{i}", written.report, label)
        for i, (written, label) in enumerate(
            zip(tagged_reports(len(labels), 4).records, labels, strict=True)
        )
    ]
    return ReportCollection("mine", tuple(records), "label")


@pytest.mark.parametrize(
    ("reports", "message"),
    [
        (labelled(*["NORMAL"] * 40), "only one class"),
        (labelled(*["NORMAL"] * 30, *["PNEUMONIA"] * 4), "at least 10 of each"),
        (labelled(*[""] * 10), "no labels"),
        (labelled("a", "b") , "is the disease"),
    ],
)  # fmt: skip
def test_what_cannot_be_learnt_from(reports: ReportCollection, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        train(reports, "naive_bayes", 0)


def test_labels_of_ones_own(invented: ReportCollection) -> None:
    names = {"normal": "NORMAL", "pneumonia": "PNEUMONIA", "other": ""}
    records = tuple(replace(record, label=names[record.label]) for record in invented.records)
    reports = ReportCollection("mine", records, "label")
    labeller = train(reports, "naive_bayes", 0, rules="opacity")
    assert labeller.labels == Labels(negative="NORMAL", positive="PNEUMONIA")
    assert labeller.questions[0].training.reports == 100
    assert decide(labeller, Report(findings="Left infiltrate.")).label == "PNEUMONIA"


def test_terms_of_a_class_speak_for_it(trained: Labeller) -> None:
    for question in trained.questions:
        positive, negative = class_terms(question, 1000)
        assert all(odds > 0 for _, odds in positive)
        assert all(odds < 0 for _, odds in negative)
        assert len(positive) + len(negative) <= len(question.vocabulary)
        assert class_terms(question, 3) == (positive[:3], negative[:3])
