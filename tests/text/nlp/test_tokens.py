"""Sentences and words as radiologists write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radistill.text.nlp.tokens import SPELLINGS, sentences, tokenize, words


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Heart normal. Lungs clear.", 2),
        ("Opacity in the left apex.There is no effusion.", 2),
        ("1. Cardiomegaly. 2. No acute disease.", 2),
        ("- Clear lungs\n- Normal heart", 2),
        ("A 4.5 cm mass is seen.", 1),
        ("Discussed with Dr. Smith at 3 p.m. today.", 1),
        ("Atelectasis vs. infiltrate.", 1),
        ("Nodule, approx. 4 mm.", 1),
        ("There is a small\neffusion.", 1),  # a line that wraps
        ("Heart normal\nLungs clear", 2),
        ("Really? Oh!", 2),
        ("Pneumonia? No. Effusion? Yes.", 2),
        ("- Clear lungs - normal heart", 1),
        ("", 0),
        (" .. ", 1),
    ],
)
def test_sentences(text: str, count: int) -> None:
    assert len(sentences(text)) == count


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("A 7 mm nodule", "a 7mm nodule"),
        ("3.5 x 4 cm mass", "3.5x4cm mass"),
        ("4-mm nodule, 20% larger", "4mm nodule , 20% larger"),
        ("T5 to T7", "t 5 to t 7"),
        ("left-sided PICC", "left-sided picc"),
        ("atelectasis/infiltrate", "atelectasis infiltrate"),
        ("atelectasis and/or infiltrate", "atelectasis or infiltrate"),
        ("air space disease, air-space disease", "airspace disease , airspace disease"),
        ("RLL PNA vs. atelectasis", "right lower lobe pneumonia versus atelectasis"),
        ("s/p CABG w/o effusion", "status post bypass without effusion"),
        ("r/o infiltrate", "rule out infiltrate"),
        ("Normal chest x-XXXX", "normal chest xray"),
        ("The XXXX XXXX are intact", "the xxxx xxxx are intact"),
        ("seen by [**Doctor 12**] on ____", "seen by xxxx on xxxx"),
        ("can't exclude pneumonia", "cannot exclude pneumonia"),
        ("patient's heart", "patient's heart"),
        ("f/u in 2 weeks", "followup in 2 weeks"),
    ],
)
def test_words(sentence: str, expected: str) -> None:
    assert words(sentence) == expected.split()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Pneumonia: No", "pneumonia is absent"),
        ("Effusion = none; mass", "effusion is absent ; mass"),
        ("Edema (-), effusion (+)", "edema is absent , effusion is present"),
        ("Consolidation - none.", "consolidation is absent"),
        ("Consolidation...none", "consolidation is absent"),
        ("Effusion: none seen", "effusion is absent"),
        ("Pneumonia? Yes", "pneumonia is present"),
        ("Pneumonia negative.", "pneumonia is negative"),
        ("Chest is negative.", "chest is negative"),
        ("Lungs: no consolidation", "lungs : no consolidation"),
        ("No effusion - left infiltrate", "no effusion ; left infiltrate"),
    ],
)
def test_answers_of_templates(text: str, expected: str) -> None:
    assert tokenize(text) == [expected.split()]


def test_a_run_of_spaces_takes_no_time() -> None:
    assert tokenize(" " * 200_000 + "(" + " " * 200_000) == [["("]]


@given(st.lists(st.sampled_from(sorted(SPELLINGS)), min_size=1, max_size=4))
def test_spellings_have_an_end(found: list[str]) -> None:
    once = words(" ".join(found))
    assert words(" ".join(once)) == once


@given(st.text())
def test_any_text_is_taken(text: str) -> None:
    for sentence in tokenize(text):
        assert sentence
        assert all(word == word.lower() and " " not in word for word in sentence)
