"""A report as a bag of words: the steps in a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from radistill.text.clean import plain
from radistill.text.lemmas import lemmatize
from radistill.text.rules import QUESTIONS, doubt, level
from radistill.text.scope import MAYBE, PUNCTUATION, tag
from radistill.text.sections import Report
from radistill.text.stopwords import drop_stop_words
from radistill.text.tokens import sentences, words

CACHED = 50_000  # sentences kept; reports repeat themselves


@dataclass(frozen=True, slots=True)
class Steps:
    """Which steps are taken; an ablation leaves one out."""

    sections: bool = True  # read findings and impression only
    negation: bool = True  # mark what is denied or doubted
    stop_words: bool = True  # drop them
    lemmas: bool = True
    bigrams: bool = True
    keywords: bool = True  # say what the rules found, as words of the bag


class Bag(NamedTuple):
    """Features of a report, repeated as they occur, and the score of the rules by question."""

    features: list[str]
    rules: dict[str, float]


def chosen_text(report: Report, sections: bool = True) -> str:
    """Plain text of findings and impression; without `sections` of all four parts."""
    return plain(report.said if sections else report.all)


def bag(report: Report, steps: Steps) -> Bag:
    """All features of a report. Bigrams hold a space; what the rules say starts with `=`."""
    found: list[str] = []
    doubts = [1.0] * len(QUESTIONS)
    for sentence in sentences(chosen_text(report, steps.sections)):
        features, left = _sentence(sentence, steps)
        found += features
        doubts = [a * b for a, b in zip(doubts, left, strict=True)]
    rules = {name: 1 - left for name, left in zip(QUESTIONS, doubts, strict=True)}
    if steps.keywords:
        found += keyword_features(rules)
    return Bag(found, rules)


def keyword_features(rules: dict[str, float]) -> list[str]:
    """What the rules say, as words: `=opacity:none`, `=abnormal:often`."""
    return [f"={name}:{level(score)}" for name, score in rules.items()]


@lru_cache(maxsize=CACHED)
def _sentence(sentence: str, steps: Steps) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """Features of one plain sentence, and the doubt it leaves of each question of the rules."""
    raw = words(sentence)
    marked = tag(raw)
    lemmas = lemmatize(marked)
    found = marked if steps.negation else [word for word in raw if word not in PUNCTUATION]
    if steps.stop_words:
        found = drop_stop_words(found)
    if steps.lemmas:
        found = lemmatize(found)
    left = tuple(doubt(lemmas, question) for question in QUESTIONS)
    return tuple(ngrams(found, steps.bigrams)), left


def ngrams(sentence: Sequence[str], bigrams: bool = True) -> list[str]:
    """Words of one sentence and its pairs of neighbours. A doubted word counts plain as well."""
    found = list(sentence)
    found += [word[len(MAYBE) :] for word in sentence if word.startswith(MAYBE)]
    if bigrams:
        found += [f"{a} {b}" for a, b in zip(sentence, sentence[1:], strict=False)]
    return found
