"""Each step as a scikit-learn transformer, and all of them as one Pipeline.

Only the bag learns anything from `fit`. Between tokens and bag a report is a list of sentences,
each a list of words.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeVar

from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from radistill.text.nlp.bag import chosen_text, keyword_features, ngrams
from radistill.text.nlp.lemmas import lemmatize
from radistill.text.nlp.rules import doubts, scores
from radistill.text.nlp.scope import tag
from radistill.text.nlp.sections import Report, split_sections
from radistill.text.nlp.stopwords import drop_stop_words
from radistill.text.nlp.tokens import tokenize

Sentences = list[list[str]]
A = TypeVar("A")
B = TypeVar("B")


def section_text(report: str | Report) -> str:
    """Text of a whole report, or a `Report` -> findings and impression as plain text."""
    return chosen_text(split_sections(report) if isinstance(report, str) else report)


def text_steps() -> list[tuple[str, FunctionTransformer]]:
    """The stateless half of the Pipeline, report -> sentences of words."""
    return [
        ("sections", _of_each(section_text)),
        ("tokens", _of_each(tokenize)),
        ("negation", _of_each(partial(_map, tag))),
        ("stop_words", _of_each(partial(_map, drop_stop_words))),
        ("lemmas", _of_each(partial(_map, lemmatize))),
    ]


def _of_each(function: Callable[[A], B]) -> FunctionTransformer:
    return FunctionTransformer(partial(_map, function))


def _map(function: Callable[[A], B], values: Iterable[A]) -> list[B]:
    return [function(value) for value in values]


def report_features(report: Sentences, bigrams: bool = True) -> list[str]:
    """Sentences of words -> the features of `bag`."""
    terms = [term for sentence in report for term in ngrams(sentence, bigrams)]
    return terms + keyword_features(scores(map(doubts, report)))


def bag_of_words(analyzer: Callable[..., Iterable[str]]) -> CountVectorizer:
    """Presence of features that at least two reports of the training data hold."""
    return CountVectorizer(analyzer=analyzer, binary=True, min_df=2)


def full_pipeline(classifier: Pipeline, *, bigrams: bool = True) -> Pipeline:
    """Report in, class out: text steps, bag of words, and `learn.classifier`."""
    bag = bag_of_words(partial(report_features, bigrams=bigrams))
    return Pipeline([*text_steps(), ("bag", bag), *classifier.steps])
