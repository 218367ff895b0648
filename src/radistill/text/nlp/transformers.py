"""Each step as a scikit-learn transformer, and the whole road as one Pipeline.

All of them are stateless but the bag: `fit` learns nothing. Between tokens and bag a report is a
list of sentences, each a list of words.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any, Self

from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import Pipeline

from radistill.text.nlp.bag import chosen_text, keyword_features, ngrams
from radistill.text.nlp.lemmas import lemmatize
from radistill.text.nlp.rules import QUESTIONS, doubts
from radistill.text.nlp.scope import tag
from radistill.text.nlp.sections import Report, split_sections
from radistill.text.nlp.stopwords import drop_stop_words
from radistill.text.nlp.tokens import tokenize

Sentences = list[list[str]]


class Step(TransformerMixin, BaseEstimator, ABC):
    """A transformer that maps each report by itself."""

    def fit(self, reports: Iterable[Any], y: object = None) -> Self:
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def transform(self, reports: Iterable[Any]) -> list[Any]:
        return [self.one(report) for report in reports]

    @abstractmethod
    def one(self, report: Any) -> Any:
        """What becomes of one report."""


class SectionSplitter(Step):
    """Text of a whole report, or a `Report` -> findings and impression as plain text.

    keep_all: indication and comparison too.
    """

    def __init__(self, keep_all: bool = False) -> None:
        self.keep_all = keep_all

    def one(self, report: str | Report) -> str:
        parts = split_sections(report) if isinstance(report, str) else report
        return chosen_text(parts, sections=not self.keep_all)


class Tokenizer(Step):
    """Plain text -> sentences of words in lower case."""

    def one(self, report: str) -> Sentences:
        return tokenize(report)


class _EachSentence(Step):
    """A function from sentence to sentence, applied to all of a report."""

    function: Callable[[list[str]], list[str]]

    def one(self, report: Sentences) -> Sentences:
        return [type(self).function(sentence) for sentence in report]


class ScopeTagger(_EachSentence):
    """Marks denied words `no:` and doubted ones `maybe:`; drops punctuation."""

    function = staticmethod(tag)


class StopWordDropper(_EachSentence):
    """Drops words that say nothing, none that denies."""

    function = staticmethod(drop_stop_words)


class Lemmatizer(_EachSentence):
    """Words -> their dictionary form."""

    function = staticmethod(lemmatize)


class Ngrams:
    """The analyser of the bag: sentences of words -> features of one report."""

    def __init__(self, bigrams: bool = True, keywords: bool = True) -> None:
        self.bigrams, self.keywords = bigrams, keywords

    def __call__(self, report: Sentences) -> list[str]:
        found = [term for sentence in report for term in ngrams(sentence, self.bigrams)]
        return found + (self._rules(report) if self.keywords else [])

    @staticmethod
    def _rules(report: Sentences) -> list[str]:
        left = [1.0] * len(QUESTIONS)
        for sentence in report:
            left = [a * b for a, b in zip(left, doubts(sentence), strict=True)]
        return keyword_features({q: 1 - doubt for q, doubt in zip(QUESTIONS, left, strict=True)})


def text_steps() -> list[tuple[str, BaseEstimator]]:
    """The stateless half of the Pipeline, report -> sentences of words."""
    return [
        ("sections", SectionSplitter()),
        ("tokens", Tokenizer()),
        ("negation", ScopeTagger()),
        ("stop_words", StopWordDropper()),
        ("lemmas", Lemmatizer()),
    ]


def bag_of_words(analyzer: Callable[[Any], Iterable[str]]) -> CountVectorizer:
    """Presence of features that at least two reports of the training data hold."""
    return CountVectorizer(analyzer=analyzer, binary=True, min_df=2)


def full_pipeline(classifier: Pipeline, *, bigrams: bool = True) -> Pipeline:
    """Report in, class out: text steps, bag of words, and `learn.classifier`."""
    bag = bag_of_words(Ngrams(bigrams))
    return Pipeline([*text_steps(), ("bag", bag), *classifier.steps])
