"""Negation and doubt on sentences written by hand: `-` marks denied words, `?` doubted ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radistill.text.nlp.scope import MAYBE, NO, PUNCTUATION, split_mark, tag
from radistill.text.nlp.tokens import words
from radistill.text.nlp.triggers import Effect, triggers


def shown(sentence: str) -> str:
    return " ".join(tag(words(sentence))).replace(NO, "-").replace(MAYBE, "?")


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        # forward
        ("No pneumothorax.", "-pneumothorax"),
        ("There is no effusion or consolidation.", "there is -effusion -or -consolidation"),
        ("No pneumothorax, effusion, or nodule", "-pneumothorax -effusion -or -nodule"),
        ("Negative for infiltrate.", "-infiltrate"),
        ("Lungs free of consolidation", "lungs -consolidation"),
        ("Clear lungs without effusion", "clear lungs -effusion"),
        ("No opacity to suggest pneumonia", "-opacity -to -suggest -pneumonia"),
        ("Resolution of pneumonia", "-pneumonia"),
        ("neither mass nor effusion", "-mass -effusion"),
        # backward
        ("Pneumonia is unlikely.", "-pneumonia"),
        ("Effusion has resolved", "-effusion"),
        ("Infiltrate is no longer seen", "-infiltrate"),
        ("Pneumonia cannot be excluded", "?pneumonia cannot be excluded"),
        ("Infiltrates are negative", "-infiltrates"),
        ("Lungs are negative for infiltrate", "lungs -infiltrate"),
        ("Pneumonia: not seen", "-pneumonia"),
        ("Pneumonia has been excluded", "-pneumonia"),
        ("Consolidation is no longer present", "-consolidation"),
        ("Consolidation, effusion and mass are absent", "-consolidation -effusion -and -mass"),
        ("Atelectasis, pneumonia is unlikely", "atelectasis -pneumonia"),
        ("Lungs are clear and pneumonia is not suspected", "lungs are clear and -pneumonia"),
        ("Unlikely to be pneumonia", "-pneumonia"),
        ("Resolved pneumonia", "-pneumonia"),
        # what is past or asked for
        ("History of pneumonia", "-pneumonia"),
        ("Prior right lower lobe pneumonia", "-prior -right -lower -lobe -pneumonia"),
        ("Prior pneumonia persists", "prior pneumonia persists"),
        ("Evaluate for pneumonia", "-pneumonia"),
        ("CT to evaluate for pneumonia", "ct to evaluate for ?pneumonia"),
        # doubt
        ("Possible infiltrate", "possible ?infiltrate"),
        ("Opacity may represent pneumonia", "opacity may represent ?pneumonia"),
        ("Cannot exclude pneumonia", "cannot exclude ?pneumonia"),
        ("Rule out pneumonia", "rule out ?pneumonia"),
        ("Atelectasis versus infiltrate", "atelectasis versus ?infiltrate"),
        # where a scope ends
        ("No effusion but cardiomegaly", "-effusion but cardiomegaly"),
        ("Negative for mass, positive for effusion", "-mass positive for effusion"),
        ("No effusion, left infiltrate", "-effusion left infiltrate"),
        ("No right effusion, left effusion or mass", "-right -effusion -left -effusion -or -mass"),
        ("No fracture and left infiltrate", "-fracture and left infiltrate"),
        ("Removal of tube with right infiltrate", "-tube with right infiltrate"),
        ("No effusion; cardiomegaly", "-effusion cardiomegaly"),
        ("No effusion, stable cardiomegaly", "-effusion stable cardiomegaly"),
        ("No effusion, mild atelectasis", "-effusion mild atelectasis"),
        ("No disease except for a granuloma", "-disease except for a granuloma"),
        ("Cardiomegaly, no effusion", "cardiomegaly -effusion"),
        ("No effusion, possible infiltrate", "-effusion possible ?infiltrate"),
        # what only looks like a denial
        ("No change in the opacity", "no change in the opacity"),
        ("No significant change in effusion", "no significant change in effusion"),
        ("Not only effusion", "not only effusion"),
        ("No doubt pneumonia", "no doubt pneumonia"),
        ("No interval improvement of infiltrate", "no interval improvement of infiltrate"),
        ("Pneumonia has not resolved", "pneumonia has not resolved"),
        ("Partial resolution of infiltrate", "partial resolution of infiltrate"),
        ("Gram negative pneumonia", "gram negative pneumonia"),
        # nothing to mark
        ("Stable cardiomegaly", "stable cardiomegaly"),
        ("", ""),
    ],
)  # fmt: skip
def test_scope(sentence: str, expected: str) -> None:
    assert shown(sentence) == expected


def test_every_phrase_is_written_as_the_tokeniser_leaves_it() -> None:
    for phrase, _ in triggers():
        assert tuple(words(" ".join(phrase))) == phrase


def test_no_phrase_has_two_meanings() -> None:
    effects: dict[tuple[str, ...], Effect] = {}
    for phrase, effect in triggers():
        assert effects.setdefault(phrase, effect) == effect, phrase


@pytest.mark.parametrize("part", [", the", "x and", "prior pneumonia", "x is absent", "or ,"])
def test_time_grows_with_the_length(part: str) -> None:
    """A quadratic step would take hours here."""
    tag([*part.split() * 100_000, "is", "absent"])


VOCABULARY = ["no", "without", "possible", "effusion", "opacity", "but", "is", "absent", ",", ";"]


@given(st.lists(st.sampled_from(VOCABULARY)))
def test_only_marks_are_added_and_only_triggers_and_commas_go(sentence: list[str]) -> None:
    tagged = tag(sentence)
    bare = [split_mark(word)[1] for word in tagged]
    rest = iter(sentence)
    assert all(word in rest for word in bare)  # a subsequence: nothing new, nothing moved
    assert not PUNCTUATION & set(bare)


@given(st.lists(st.sampled_from(["heart", "effusion", "clear", "is"])))
def test_without_triggers_nothing_changes(sentence: list[str]) -> None:
    assert tag(sentence) == sentence
