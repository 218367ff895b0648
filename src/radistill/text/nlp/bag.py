"""A report as a bag of words: the steps in a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from radistill.text.nlp.clean import plain
from radistill.text.nlp.language import count_words
from radistill.text.nlp.lemmas import lemmatize
from radistill.text.nlp.rules import QUESTIONS, doubts, level
from radistill.text.nlp.scope import MAYBE, PUNCTUATION, tag
from radistill.text.nlp.sections import Report
from radistill.text.nlp.stopwords import drop_stop_words
from radistill.text.nlp.tokens import sentences, words

RULES = "rules/"  # begins features that no word of a report can be
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
    """A report as features, repeated as they occur.

    rules: score of the keywords by question. known, total: its English words, and all.
    """

    features: list[str]
    rules: dict[str, float]
    known: int
    total: int


class _Sentence(NamedTuple):
    features: tuple[str, ...]
    doubts: tuple[float, ...]  # what it leaves of each question of the rules
    known: int
    total: int


def chosen_text(report: Report, sections: bool = True) -> str:
    """Plain text of findings and impression; without `sections` of all four parts."""
    return plain(report.said if sections else report.all)


def bag(report: Report, steps: Steps) -> Bag:
    """All features of a report. Bigrams hold a space; what the rules say starts with `rules/`."""
    features: list[str] = []
    left = [1.0] * len(QUESTIONS)
    known = total = 0
    for text in sentences(chosen_text(report, steps.sections)):
        found = _sentence(text, steps)
        features += found.features
        left = [a * b for a, b in zip(left, found.doubts, strict=True)]
        known, total = known + found.known, total + found.total
    rules = {name: 1 - doubt for name, doubt in zip(QUESTIONS, left, strict=True)}
    if steps.keywords:
        features += keyword_features(rules)
    return Bag(features, rules, known, total)


def keyword_features(rules: Mapping[str, float]) -> list[str]:
    """What the rules say, as words: `rules/opacity/none`, `rules/abnormal/often`."""
    return [f"{RULES}{name}/{level(score)}" for name, score in rules.items()]


@lru_cache(maxsize=CACHED)
def _sentence(text: str, steps: Steps) -> _Sentence:
    raw = words(text)
    found = read = tag(raw) if steps.negation else [w for w in raw if w not in PUNCTUATION]
    if steps.stop_words:
        found = drop_stop_words(found)
    if steps.lemmas:
        found = lemmatize(found)
    terms = tuple(ngrams(found, steps.bigrams))
    return _Sentence(terms, doubts(lemmatize(read)), *count_words(text, raw))


def ngrams(sentence: Sequence[str], bigrams: bool = True) -> list[str]:
    """Words of one sentence and its pairs of neighbours. A doubted word counts plain as well."""
    found = list(sentence)
    found += [word[len(MAYBE) :] for word in sentence if word.startswith(MAYBE)]
    if bigrams:
        found += [f"{a} {b}" for a, b in pairwise(sentence)]
    return found
