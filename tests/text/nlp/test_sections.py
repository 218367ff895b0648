"""Reports in their parts, however the headings are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radistill.text.nlp.sections import Report, split_sections

WHOLE = Report("Cough.", "None.", "Heart normal.", "Not acute.")


@pytest.mark.parametrize(
    "text",
    [
        "INDICATION: Cough. COMPARISON: None. FINDINGS: Heart normal. IMPRESSION: Not acute.",
        "Indication: Cough.\nComparison: None.\nFindings: Heart normal.\nImpression: Not acute.",
        "CLINICAL HISTORY\nCough.\n\nPRIOR STUDIES\nNone.\n\nOBSERVATIONS\nHeart normal.\n\n"
        "CONCLUSION\nNot acute.",
        "Reason for exam: Cough.\nTechnique: PA and lateral.\nComparisons: None.\n"
        "Finding: Heart normal.\nOpinion: Not acute.",
        "**History:** Cough.\n**Comparison:** None.\n**Findings:** Heart normal.\n"
        "**Impression:** Not acute.",
        "Indication - Cough.\nComparison - None.\nFindings - Heart normal.\n"
        "Impression - Not acute.",
        "Indication: Cough. Comparison: None. Findings: Heart normal. Impression: Not acute.",
    ],
)
def test_spellings_of_headings(text: str) -> None:
    assert split_sections(text) == WHOLE


def test_without_headings_all_is_findings() -> None:
    text = "Heart normal. No acute findings in the study of today."
    assert split_sections(text) == Report(findings=text)


def test_words_of_headings_in_prose_are_no_headings() -> None:
    text = "The findings: none. There is no impression on the aorta; history of CABG."
    assert split_sections(text).findings == text


def test_text_before_the_first_heading_is_kept_and_parts_are_joined() -> None:
    text = "Clear lungs.\nIMPRESSION: Normal.\nFINDINGS: Heart normal.\nIMPRESSION: Done."
    found = split_sections(text)
    assert found.findings == "Clear lungs.\nHeart normal."
    assert found.impression == "Normal.\nDone."


def test_what_was_said_leaves_out_why_it_was_asked() -> None:
    assert WHOLE.body == "Heart normal.\nNot acute."
    assert "Cough" in WHOLE.all
    assert split_sections("INDICATION: Cough.").body == ""


def test_an_indication_without_other_headings_ends_with_its_line() -> None:
    text = "Clinical indication: Follow-up pneumonia\nThe lungs are clear.\nHeart normal."
    report = split_sections(text)
    assert report.indication == "Follow-up pneumonia"
    assert report.findings == "The lungs are clear.\nHeart normal."


@given(st.text())
def test_any_text_is_taken(text: str) -> None:
    found = split_sections(text)
    assert len(found.all) <= len(text) + 10
