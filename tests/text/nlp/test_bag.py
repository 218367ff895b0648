"""The steps in a row: scikit-learn's Pipeline and the plain function must agree."""

from __future__ import annotations

import pytest
from sklearn.base import clone
from sklearn.feature_extraction.text import CountVectorizer

from radistill.text.labeller.grammar import write_reports
from radistill.text.nlp.bag import RULES, Steps, bag, ngrams
from radistill.text.nlp.sections import Report
from radistill.text.nlp.transformers import (
    report_features,
    text_steps,
)

REPORT = Report("Rule out mass.", "None.", "No pneumothorax. Possible infiltrate.", "Opacities.")


def test_the_bag_of_one_report() -> None:
    found = bag(REPORT, Steps())
    assert found.features == [
        "no:pneumothorax",
        "possible", "maybe:infiltrate", "infiltrate", "possible maybe:infiltrate",
        "opacity", f"{RULES}opacity/doubted", f"{RULES}abnormal/once",
    ]  # fmt: skip
    assert found.rules == pytest.approx({"opacity": 0.5, "abnormal": 0.9})
    assert found.known == found.total == 5


@pytest.mark.parametrize(
    ("step", "gone", "come"),
    [
        ("negation", {"no:pneumothorax", "maybe:infiltrate"}, {"no", "pneumothorax"}),
        ("lemmas", {"opacity"}, {"opacities"}),
        ("bigrams", {"possible maybe:infiltrate"}, set()),
        ("keywords", {f"{RULES}opacity/doubted"}, set()),
        ("sections", set(), {"maybe:mass"}),
    ],
)
def test_without_a_step(step: str, gone: set[str], come: set[str]) -> None:
    full = set(bag(REPORT, Steps()).features)
    less = set(bag(REPORT, Steps(**{step: False})).features)
    assert gone <= full - less
    assert come <= less - full


def test_stop_words_go() -> None:
    report = Report(findings="The heart is normal")
    assert "the" in bag(report, Steps(stop_words=False)).features
    assert bag(report, Steps(keywords=False, bigrams=False)).features == ["heart", "normal"]


@pytest.mark.parametrize("bigrams", [True, False])
def test_the_pipeline_and_the_function_agree(bigrams: bool) -> None:
    reports = [written.report for written in write_reports(60, 5)]
    stage = reports
    for _, step in text_steps():
        stage = clone(step).fit_transform(stage)
    for report, sentences in zip(reports, stage, strict=True):
        expected = bag(report, Steps(bigrams=bigrams)).features
        assert sorted(report_features(sentences, bigrams)) == sorted(expected)


def test_each_step_on_its_own() -> None:
    step = dict(text_steps())
    text = step["sections"].fit_transform(
        ["INDICATION: mass? FINDINGS: No masses. Clear lungs.", REPORT]
    )
    assert text == ["No masses. Clear lungs.", REPORT.body]
    tokens = step["tokens"].transform(text[:1])
    assert tokens == [[["no", "masses"], ["clear", "lungs"]]]
    tagged = step["negation"].transform(tokens)
    assert tagged == [[["no:masses"], ["clear", "lungs"]]]
    assert step["stop_words"].transform([[["the", "lungs"]]]) == [[["lungs"]]]
    assert step["lemmas"].transform(tagged) == [[["no:mass"], ["clear", "lung"]]]


def test_bigrams_do_not_cross_sentences() -> None:
    found = bag(Report(findings="Clear lungs. Normal heart."), Steps(keywords=False)).features
    assert {"clear lung", "normal heart"} <= set(found)
    assert "lung normal" not in found


def test_ngrams_are_those_of_scikit_learn() -> None:
    sentence = ["heart", "size", "normal", "heart"]
    analyse = CountVectorizer(ngram_range=(1, 2)).build_analyzer()
    assert sorted(ngrams(sentence)) == sorted(analyse(" ".join(sentence)))
