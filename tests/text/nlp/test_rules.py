"""Keywords, denied and affirmed."""

from __future__ import annotations

import pytest

from radistill.text.nlp.bag import Steps, bag
from radistill.text.nlp.phrases import phrases
from radistill.text.nlp.rules import AFFIRMED, DOUBTED, KEYWORDS, doubts, level
from radistill.text.nlp.sections import Report


def score(text: str, question: str) -> float:
    return bag(Report(findings=text), Steps()).rules[question]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Right lower lobe pneumonia.", AFFIRMED),
        ("No pneumonia.", 0.0),
        ("Possible pneumonia.", DOUBTED),
        ("Infiltrates. Infiltrates.", 1 - (1 - AFFIRMED) ** 2),
        ("Air space disease.", AFFIRMED),
        ("Airspace disease has resolved.", 0.0),
        ("Cardiomegaly.", 0.0),
        ("", 0.0),
    ],
)
def test_opacity(text: str, expected: float) -> None:
    assert score(text, "opacity") == pytest.approx(expected)


def test_a_phrase_and_its_first_word_count_once() -> None:
    """`airspace` and `airspace disease` are one mention."""
    assert score("Airspace opacity", "abnormal") == pytest.approx(1 - (1 - AFFIRMED) ** 2)
    assert doubts(["pneumonia"]) == pytest.approx((1 - AFFIRMED, 1 - AFFIRMED))


@pytest.mark.parametrize("question", KEYWORDS)
def test_every_keyword_is_found_as_it_is_written(question: str) -> None:
    for phrase in phrases(KEYWORDS[question]):
        assert score(phrase, question) >= AFFIRMED - 1e-9, phrase


@pytest.mark.parametrize(
    ("value", "name"),
    [(0, "none"), (0.5, "doubted"), (0.75, "doubted"), (0.8, "once"), (0.96, "often")],
)
def test_levels(value: float, name: str) -> None:
    assert level(value) == name
