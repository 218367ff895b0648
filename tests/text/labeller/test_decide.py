"""Labels and the reasons for none."""

from __future__ import annotations

import pytest

from radistill.schema.labeller_file import Labeller
from radistill.text.labeller.decide import REASONS, decide
from radistill.text.labeller.labeller import load_labeller
from radistill.text.nlp.sections import Report, split_sections


@pytest.fixture(scope="module")
def builtin() -> Labeller:
    return load_labeller("builtin")


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Heart size is normal. Lungs are clear. No pneumothorax or effusion.", "NORMAL"),
        ("Lungs clear. No pneumonia.", "NORMAL"),
        (
            "INDICATION: Rule out pneumonia. FINDINGS: Lungs are clear. IMPRESSION: Normal.",
            "NORMAL",
        ),
        ("Right lower lobe infiltrate, consistent with pneumonia.", "PNEUMONIA"),
        ("Patchy bibasilar airspace disease. No effusion.", "PNEUMONIA"),
        ("<p>FINDINGS: <b>Left</b> lower lobe consolidation.</p>", "PNEUMONIA"),
    ],
)
def test_plain_cases(builtin: Labeller, text: str, label: str) -> None:
    from radistill.text.nlp.clean import plain

    decision = decide(builtin, split_sections(plain(text)))
    assert decision.label == label
    assert decision.probability is not None
    assert decision.probability > 0.5
    assert not decision.reasons


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("  \n ", "empty"),
        ("INDICATION: Cough. COMPARISON: None.", "no-findings"),
        ("Kein Nachweis eines Pneumothorax. Herz normal groß. Keine Infiltrate.", "not-english"),
        ("Pas d'épanchement pleural. Silhouette cardiaque normale.", "not-english"),
        ("No se observan infiltrados ni derrame pleural.", "not-english"),
        ("肺野清晰,心影正常。", "not-english"),
        ("Dog walks home.", "nothing-known"),
        ("12 34 56", "nothing-known"),
        ("Cardiomegaly. Calcified granuloma. No acute disease.", "other-finding"),
    ],
)
def test_reasons_to_abstain(builtin: Labeller, text: str, reason: str) -> None:
    decision = decide(builtin, split_sections(text))
    assert decision.label == ""
    assert decision.reasons == (reason,)
    assert reason in REASONS


def test_a_huge_report_is_read(builtin: Labeller) -> None:
    assert decide(builtin, Report(findings="Lungs are clear. " * 600_000)).label == "NORMAL"


def test_the_least_probability(builtin: Labeller) -> None:
    report = Report(findings="Possible right lower lobe infiltrate.")
    sure = decide(builtin, report)
    assert sure.label
    assert sure.probability is not None
    unsure = decide(builtin, report, least=min(1.0, sure.probability + 1e-6))
    assert unsure.label == ""
    assert "unsure" in unsure.reasons
    assert decide(builtin, report, least=sure.probability).label == sure.label


def test_keywords_that_disagree(builtin: Labeller) -> None:
    """A labeller that takes everything for an opacity is contradicted by the keywords."""
    questions = tuple(q.model_copy(update={"threshold": 0.0}) for q in builtin.questions)
    credulous = builtin.model_copy(update={"questions": questions})
    decision = decide(credulous, Report(findings="Lungs are clear. No pneumonia."))
    assert decision.label == ""
    assert decision.reasons == ("rules-disagree",)
