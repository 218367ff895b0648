"""One report -> a label, or the reasons why there is none."""

from __future__ import annotations

from dataclasses import dataclass

from radistill.text.bag import RULES, Bag, bag
from radistill.text.labeller import Labeller, Question
from radistill.text.language import is_foreign
from radistill.text.sections import Report

WORDS_SHOWN = 3
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

    probability: of the label, or of the likelier answer where it abstains; None where the report
    says nothing. words: the features that decided most, with the log-odds they added.
    """

    label: str
    probability: float | None
    reasons: tuple[str, ...]
    words: tuple[tuple[str, float], ...] = ()


def decide(labeller: Labeller, report: Report, least: float = 0.0) -> Decision:
    """Label one report.

    Abstains where the report is empty, has neither findings nor impression, is not in English,
    or holds no word that the labeller knows; where it is of neither class; where the keywords
    disagree; and where the label's probability is below `least`, in [0, 1].
    """
    if not report.said.strip():
        return Decision("", None, ("no-findings" if report.all.strip() else "empty",))
    found = bag(report, labeller.steps)
    if is_foreign(found.known, found.total):
        return Decision("", None, ("not-english",))
    if not _knows(labeller, found):
        return Decision("", None, ("nothing-known",))
    question, yes, probability = _answer(labeller, found)
    reasons = []
    if question.says(probability) != yes:
        reasons.append("other-finding")
    if _rules_disagree(labeller, found):
        reasons.append("rules-disagree")
    of_label = probability if yes else 1 - probability
    if of_label < least:
        reasons.append("unsure")
    label = labeller.positive if yes else labeller.negative
    words = tuple(question.words(found, WORDS_SHOWN))
    return Decision("" if reasons else label, of_label, tuple(reasons), words)


def _knows(labeller: Labeller, found: Bag) -> bool:
    words = {term for term in found.features if not term.startswith(RULES)}
    return any(not words.isdisjoint(question.weights) for question in labeller.questions)


def _answer(labeller: Labeller, found: Bag) -> tuple[Question, bool, float]:
    """(the question that decides, whether the label is the positive one, its probability).

    With two questions an opacity is the first answer; without one, the second must be no for the
    negative label, else the report shows something else.
    """
    first, *rest = labeller.questions
    probability = first.probability(found)
    if first.says(probability) or not rest:
        return first, first.says(probability), probability
    return rest[0], False, rest[0].probability(found)


def _rules_disagree(labeller: Labeller, found: Bag) -> bool:
    """Whether the keywords contradict any answer the label rests on."""
    for question in labeller.questions:
        yes = question.says(question.probability(found))
        if question.rules_say(found) not in (None, yes):
            return True
        if yes:
            break
    return False
