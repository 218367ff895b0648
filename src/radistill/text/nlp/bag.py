"""A report as a bag of words: the steps in a row."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from radistill.schema.labeller_file import Steps
from radistill.text.nlp.clean import plain
from radistill.text.nlp.language import count_words
from radistill.text.nlp.lemmas import lemmatize
from radistill.text.nlp.rules import doubts, level, scores
from radistill.text.nlp.scope import MAYBE, PUNCTUATION, tag
from radistill.text.nlp.sections import Report
from radistill.text.nlp.stopwords import drop_stop_words
from radistill.text.nlp.tokens import sentences, words

RULES = "rules/"  # prefix of the features that the keyword rules add
CACHED = 50_000  # sentences; many recur from report to report


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
    doubts: tuple[float, ...]  # see `rules.doubts`
    known: int
    total: int


def chosen_text(report: Report, sections: bool = True) -> str:
    """Plain text of findings and impression; without `sections` of all four parts."""
    return plain(report.body if sections else report.all)


def bag(report: Report, steps: Steps) -> Bag:
    """All features of a report. Bigrams hold a space; results of the rules start with `rules/`."""
    read = [_sentence(text, steps) for text in sentences(chosen_text(report, steps.sections))]
    rules = scores(sentence.doubts for sentence in read)
    features = [term for sentence in read for term in sentence.features]
    if steps.keywords:
        features += keyword_features(rules)
    known, total = sum(s.known for s in read), sum(s.total for s in read)
    return Bag(features, rules, known, total)


def keyword_features(rules: Mapping[str, float]) -> list[str]:
    """Scores of the rules as features: `rules/opacity/none`, `rules/abnormal/often`."""
    return [f"{RULES}{name}/{level(score)}" for name, score in rules.items()]


@lru_cache(maxsize=CACHED)
def _sentence(text: str, steps: Steps) -> _Sentence:
    raw = words(text)
    read = tag(raw) if steps.negation else [w for w in raw if w not in PUNCTUATION]
    kept = drop_stop_words(read) if steps.stop_words else read
    kept = lemmatize(kept) if steps.lemmas else kept
    terms = tuple(ngrams(kept, steps.bigrams))
    return _Sentence(terms, doubts(lemmatize(read)), *count_words(text, raw))


def ngrams(sentence: Sequence[str], bigrams: bool = True) -> list[str]:
    """Words of one sentence and its pairs of neighbours. A doubted word counts plain as well."""
    terms = [*sentence, *(word[len(MAYBE) :] for word in sentence if word.startswith(MAYBE))]
    return terms + [f"{a} {b}" for a, b in pairwise(sentence)] if bigrams else terms
