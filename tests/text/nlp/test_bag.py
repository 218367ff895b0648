"""The steps in a row, and each on its own."""

from __future__ import annotations

import pytest
from sklearn.feature_extraction.text import CountVectorizer

from radistill.text.nlp.bag import RULES, Steps, bag, chosen_text, ngrams
from radistill.text.nlp.lemmas import lemmatize
from radistill.text.nlp.scope import tag
from radistill.text.nlp.sections import Report, split_sections
from radistill.text.nlp.stopwords import drop_stop_words
from radistill.text.nlp.tokens import tokenize

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


def test_each_step_on_its_own() -> None:
    text = chosen_text(split_sections("INDICATION: mass? FINDINGS: No masses. Clear lungs."))
    assert text == "No masses. Clear lungs."
    assert chosen_text(REPORT) == REPORT.body
    tokens = tokenize(text)
    assert tokens == [["no", "masses"], ["clear", "lungs"]]
    tagged = [tag(sentence) for sentence in tokens]
    assert tagged == [["no:masses"], ["clear", "lungs"]]
    assert drop_stop_words(["the", "lungs"]) == ["lungs"]
    assert [lemmatize(sentence) for sentence in tagged] == [["no:mass"], ["clear", "lung"]]


def test_bigrams_do_not_cross_sentences() -> None:
    found = bag(Report(findings="Clear lungs. Normal heart."), Steps(keywords=False)).features
    assert {"clear lung", "normal heart"} <= set(found)
    assert "lung normal" not in found


def test_ngrams_are_those_of_scikit_learn() -> None:
    sentence = ["heart", "size", "normal", "heart"]
    analyse = CountVectorizer(ngram_range=(1, 2)).build_analyzer()
    assert sorted(ngrams(sentence)) == sorted(analyse(" ".join(sentence)))
