"""Read, write and apply a trained labeller, with plain Python alone."""

import math
from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from radistill.errors import UsageError
from radistill.files import write_json
from radistill.schema.labeller_file import Labeller, Question
from radistill.text.nlp.bag import Bag

BUILTIN = "builtin"
WeightedTerms = list[tuple[str, float]]  # terms with their log-odds


class ClassTerms(NamedTuple):
    """Terms that speak for each class, the strongest first."""

    positive: WeightedTerms
    negative: WeightedTerms


class Answer(NamedTuple):
    """How a question is answered for one report.

    terms: those of the vocabulary that the report holds. probability: of `question.positive`, in
    (0, 1). keywords: what the keywords say, None where none go with the question.
    """

    question: Question
    terms: list[str]
    probability: float
    yes: bool
    keywords: bool | None


def ask(question: Question, bag: Bag) -> Answer:
    """Answer `question` for the report of `bag`."""
    terms = [term for term in set(bag.features) if term in question.term_odds]
    scaling, rules = question.calibration, question.rules
    odds = scaling.slope * log_odds(question, terms) + scaling.offset
    probability = 1 / (1 + math.exp(-max(-30.0, min(30.0, odds))))
    keywords = bag.rules[rules.question] >= rules.threshold if rules.question else None
    return Answer(question, terms, probability, probability >= question.threshold, keywords)


def log_odds(question: Question, terms: Iterable[str]) -> float:
    """Log-odds of `question.positive` before calibration."""
    return question.base_odds + math.fsum(question.term_odds[term] for term in terms)


def strongest_terms(answer: Answer, count: int) -> WeightedTerms:
    """The terms of a report that move its log-odds most, with what they add."""
    weighted = [(term, answer.question.term_odds[term]) for term in answer.terms]
    return sorted(weighted, key=lambda item: (-abs(item[1]), item[0]))[:count]


def class_terms(question: Question, count: int) -> ClassTerms:
    """The terms that speak most for each class, at most `count` of each."""
    order = sorted(question.term_odds.items(), key=lambda item: (item[1], item[0]))
    positive = [(term, odds) for term, odds in order[::-1][:count] if odds > 0]
    return ClassTerms(positive, [(term, odds) for term, odds in order[:count] if odds < 0])


def load_labeller(source: str | Path) -> Labeller:
    """Read a labeller's JSON file; `builtin` is the one that comes with radistill.

    Raises UsageError if the file is missing, is not a labeller or is damaged.
    """
    try:
        if str(source) == BUILTIN:
            text = (resources.files("radistill.text.labeller") / "builtin.json").read_text("utf-8")
        else:
            text = Path(source).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "is not text"
        raise UsageError(f"{source}: cannot be read ({reason})") from None
    try:
        return Labeller.model_validate_json(text)
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(map(str, problem["loc"]))
        raise UsageError(
            f"{source}: is not a labeller made by 'radistill text train' "
            f"({where}: {problem['msg']})"
        ) from None


def save_labeller(path: Path, labeller: Labeller) -> None:
    """Write a labeller as JSON, atomically."""
    value = labeller.model_dump(mode="json", exclude_unset=True)
    write_json(path, value | {"steps": labeller.steps.model_dump()})
