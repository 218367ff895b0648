"""Invented reports: whole, true to their kind, and no patient's."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from radistill.text.labeller.grammar import GRAMMAR, KINDS, Written, write_many
from radistill.text.nlp.bag import Steps, bag
from radistill.text.nlp.language import is_foreign


@pytest.fixture(scope="module")
def written() -> list[Written]:
    return write_many(600, 7)


def test_the_same_seed_gives_the_same_reports(written: list[Written]) -> None:
    assert write_many(600, 7) == written
    assert write_many(600, 8) != written


def test_all_kinds_and_hardly_two_alike(written: list[Written]) -> None:
    assert Counter(w.kind for w in written) == dict.fromkeys(KINDS, 200)
    assert len({w.report.said.lower() for w in written}) > 550


def test_nothing_is_left_to_fill_in(written: list[Written]) -> None:
    for one in written:
        assert not re.search(r"[{}|]", one.text)
        assert one.report.said


def test_every_name_is_used_or_known() -> None:
    used = set(re.findall(r"\{(\w+)\}", " ".join(GRAMMAR.values())))
    top = {
        "heart",
        "deny",
        "bones",
        "clear",
        "fine",
        "shadow",
        "shadows",
        "finding",
        "gone",
        "other",
    }
    assert used | top | {"indication", "comparison"} == set(GRAMMAR)


def test_it_is_english(written: list[Written]) -> None:
    foreign = [w for w in written if is_foreign(*bag(w.report, Steps())[2:])]
    assert len(foreign) < 0.03 * len(written)


def test_kinds_differ_by_more_than_words_that_name_them(written: list[Written]) -> None:
    """Denials make pneumonia common in normal reports too, as in real ones."""
    named = Counter(w.kind for w in written if "pneumonia" in w.report.said.lower())
    assert all(named[kind] > 20 for kind in KINDS)
