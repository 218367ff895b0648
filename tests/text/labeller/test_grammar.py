"""Invented reports: whole, true to their kind, and no patient's."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from radistill.text.labeller.grammar import GRAMMAR, KINDS, InventedReport, write_reports
from radistill.text.nlp.bag import Steps, bag
from radistill.text.nlp.language import in_english


@pytest.fixture(scope="module")
def written() -> list[InventedReport]:
    return write_reports(600, 7)


def test_the_same_seed_gives_the_same_reports(written: list[InventedReport]) -> None:
    assert write_reports(600, 7) == written
    assert write_reports(600, 8) != written


def test_all_kinds_and_hardly_two_alike(written: list[InventedReport]) -> None:
    assert Counter(w.kind for w in written) == dict.fromkeys(KINDS, 200)
    assert len({w.report.body.lower() for w in written}) > 550


def test_nothing_is_left_to_fill_in(written: list[InventedReport]) -> None:
    for one in written:
        assert not re.search(r"[{}|]", one.text)
        assert one.report.body


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


def test_it_is_english(written: list[InventedReport]) -> None:
    other = [w for w in written if not in_english(*bag(w.report, Steps())[2:])]
    assert len(other) < 0.03 * len(written)


def test_kinds_differ_by_more_than_words_that_name_them(written: list[InventedReport]) -> None:
    """Denials make pneumonia common in normal reports too, as in real ones."""
    named = Counter(w.kind for w in written if "pneumonia" in w.report.body.lower())
    assert all(named[kind] > 20 for kind in KINDS)
