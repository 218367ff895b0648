"""Bytes and marked-up text to plain text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radistill.text.nlp.clean import LONGEST, decode, plain


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"])
def test_encodings_are_told_apart(encoding: str) -> None:
    assert decode("Größe \u2013 ok".encode(encoding)) == "Größe \u2013 ok"


def test_lines_of_two_encodings_in_one_file() -> None:
    content = "Größe\n".encode() + "Größe\n".encode("cp1252")
    assert decode(content) == "Größe\nGröße\n"


def test_what_is_not_text_is_refused() -> None:
    with pytest.raises(ValueError, match="not text"):
        decode(b"PK\x03\x04\x00\x00")


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_utf8_comes_back(text: str) -> None:
    assert decode(text.encode()) == text.removeprefix("\ufeff")


@pytest.mark.parametrize(
    ("marked", "clean"),
    [
        ("<p>No <b>effusion</b>.</p><p>Clear.</p>", "No effusion.\n\nClear."),
        ("A &lt; B &amp; C", "A < B & C"),
        ("<style>p{}</style>Clear<br/>lungs", "Clear\nlungs"),
        ("<script>alert(1)</script>Normal", "Normal"),
        ("nodule <5 mm, was > 3 mm", "nodule <5 mm, was > 3 mm"),
        (
            "patient\u2019s \u201cclear\u201d lungs \u2013 normal",
            'patient\'s "clear" lungs - normal',
        ),
        ("ﬁnding\r\nnormal\rheart", "finding\nnormal\nheart"),
    ],
)
def test_markup_and_odd_characters_go(marked: str, clean: str) -> None:
    assert plain(marked).strip() == clean


def test_a_huge_report_is_cut() -> None:
    assert len(plain("clear " * 2_000_000)) == LONGEST
