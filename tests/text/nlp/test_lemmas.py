"""Stop words and lemmas."""

from __future__ import annotations

import pytest
import simplemma
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from radistill.text.nlp.lemmas import RADIOLOGY, lemma, lemmatize
from radistill.text.nlp.scope import MAYBE, NO
from radistill.text.nlp.stopwords import STOP_WORDS, drop_stop_words
from radistill.text.nlp.triggers import Effect, triggers

DENY = {"no", "not", "without", "nor", "neither", "never", "none", "cannot", "free", "absent"}


def test_no_word_that_denies_is_a_stop_word() -> None:
    """The trap: scikit-learn's list deletes most of them."""
    assert not DENY & STOP_WORDS
    assert len(DENY & ENGLISH_STOP_WORDS) >= 6


@pytest.mark.parametrize("effect", [Effect.NO_AFTER, Effect.MAYBE_AFTER])
def test_no_trigger_of_one_word_is_a_stop_word(effect: Effect) -> None:
    single = {phrase[0] for phrase, its in triggers() if its is effect and len(phrase) == 1}
    assert not single & STOP_WORDS


def test_a_marked_word_is_judged_without_its_mark() -> None:
    sentence = ["the", NO + "pneumothorax", NO + "or", MAYBE + "of", "heart", "xxxx"]
    assert drop_stop_words(sentence) == [NO + "pneumothorax", "heart"]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("opacities", "opacity"), ("atelectases", "atelectasis"), ("atelectatic", "atelectasis"),
        ("pneumothoraces", "pneumothorax"), ("masses", "mass"), ("effusions", "effusion"),
        ("apices", "apex"), ("vertebrae", "vertebra"), ("lungs", "lung"), ("enlarged", "enlarge"),
        ("left", "left"), ("lower", "lower"), ("no:effusions", "no:effusion"),
        ("maybe:infiltrates", "maybe:infiltrate"), ("pnuemonia", "pneumonia"),
        ("infitrates", "infiltrate"), ("no:consollidation", "no:consolidation"),
        ("effusive", "effusive"), ("7mm", "#mm"), ("12", "#"), ("3.5x4cm", "#cm"),
    ],
)  # fmt: skip
def test_lemmas(word: str, expected: str) -> None:
    assert lemma(word) == expected


def test_the_radiology_list_holds_only_what_the_dictionary_gets_wrong() -> None:
    idle = {w for w, form in RADIOLOGY.items() if simplemma.lemmatize(w, lang="en") == form}
    assert not idle


def test_lemmas_of_lemmas_are_themselves() -> None:
    for form in set(RADIOLOGY.values()):
        assert lemma(form) == form


def test_lemmatize_keeps_order_and_length() -> None:
    assert lemmatize(["lungs", "are", "clear"]) == ["lung", "be", "clear"]
