"""One report -> a label, or the reasons why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from radistill.text.labeller.labeller import Labeller, Question
from radistill.text.nlp.bag import RULES, Bag, bag
from radistill.text.nlp.language import is_foreign
from radistill.text.nlp.sections import Report

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

    probability: of the label, or of the one it would have had; None where the report says
    nothing. words: the features that decided most, with the log-odds they added.
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
    asked = _ask(labeller, found)
    if not any(answer.knows for answer in asked):
        return Decision("", None, ("nothing-known",))
    last = asked[-1]
    positive = last is asked[0] and last.yes
    reasons = []
    if last.yes and not positive:
        reasons.append("other-finding")
    if any(answer.question.rules_say(found) not in (None, answer.yes) for answer in asked):
        reasons.append("rules-disagree")
    of_label = last.probability if positive else 1 - last.probability
    if of_label < least:
        reasons.append("unsure")
    label = labeller.positive if positive else labeller.negative
    words = tuple(last.question.words(last.hits, WORDS_SHOWN))
    return Decision("" if reasons else label, of_label, tuple(reasons), words)


class _Answer(NamedTuple):
    question: Question
    hits: list[str]
    probability: float
    yes: bool

    @property
    def knows(self) -> bool:
        return not all(term.startswith(RULES) for term in self.hits)


def _ask(labeller: Labeller, found: Bag) -> list[_Answer]:
    """The answers a label rests on: questions in turn until one is answered yes.

    With two questions an opacity is the first answer; without one, the second must be no for the
    negative label, else the report shows something else.
    """
    answers: list[_Answer] = []
    for question in labeller.questions:
        hits = question.hits(found)
        probability = question.probability(hits)
        answers.append(_Answer(question, hits, probability, question.says(probability)))
        if answers[-1].yes:
            break
    return answers
