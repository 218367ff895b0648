"""One report -> a label, or the reasons for leaving it without one."""

from dataclasses import dataclass

from radistill.schema.labeller_file import Labeller
from radistill.text.labeller.labeller import Answer, ask, strongest_terms
from radistill.text.nlp.bag import RULES, Bag, bag
from radistill.text.nlp.language import in_english
from radistill.text.nlp.rules import names_findings
from radistill.text.nlp.sections import Report

TERMS_SHOWN = 3
REASONS = {
    "empty": "the report is empty",
    "no-findings": "it has no findings and no impression",
    "not-english": "it is not in English",
    "nothing-known": "the labeller knows none of its words",
    "other-finding": "it is neither normal nor of the positive class",
    "rules-disagree": "the keywords say otherwise",
    "unsure": "the probability is below the least that was asked for",
}


@dataclass(frozen=True, slots=True)
class Decision:
    """label: empty where the labeller abstains, and `reasons` say why, keys of REASONS.

    probability: of the label, or of the one it would have had; None where the report holds nothing
    to judge. terms: those that decided most, with the log-odds they added.
    """

    label: str
    probability: float | None
    reasons: tuple[str, ...]
    terms: tuple[tuple[str, float], ...] = ()


def decide(labeller: Labeller, report: Report, least: float = 0.0) -> Decision:
    """Label one report.

    Abstains where the report is empty, has neither findings nor impression, is not in English,
    or holds no word that the labeller knows; where it is of neither class; where the keywords
    disagree; and where the label's probability is below `least`, in [0, 1].
    """
    if not report.body.strip():
        return Decision("", None, ("no-findings" if report.all.strip() else "empty",))
    words = bag(report, labeller.steps)
    if not in_english(words.known, words.total):
        return Decision("", None, ("not-english",))
    answers = _ask(labeller, words)
    terms = {term for answer in answers for term in answer.terms if not term.startswith(RULES)}
    if not terms and not names_findings(words.features):
        return Decision("", None, ("nothing-known",))
    last = answers[-1]
    positive = last.yes and len(answers) == 1
    reasons = []
    if last.yes and not positive:
        reasons.append("other-finding")
    if any(answer.keywords not in (None, answer.yes) for answer in answers):
        reasons.append("rules-disagree")
    probability = last.probability if positive else 1 - last.probability
    if probability < least:
        reasons.append("unsure")
    label = labeller.labels.positive if positive else labeller.labels.negative
    shown = tuple(strongest_terms(last, TERMS_SHOWN))
    return Decision("" if reasons else label, probability, tuple(reasons), shown)


def _ask(labeller: Labeller, words: Bag) -> list[Answer]:
    """The answers that a label rests on: questions in turn until one is answered yes.

    With two questions a yes to the first means opacity; after a no the second must be no for the
    negative label, else the report shows something else.
    """
    answers: list[Answer] = []
    for question in labeller.questions:
        answers.append(ask(question, words))
        if answers[-1].yes:
            break
    return answers
