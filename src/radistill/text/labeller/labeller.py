"""A trained labeller: one JSON file, applied with plain Python."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from radistill.errors import UsageError
from radistill.files import write_json
from radistill.text.nlp.bag import Bag, Steps

FORMAT = "radistill text labeller 1"
BUILTIN = "builtin"
DIGITS = 5  # of a log-probability in the file


@dataclass(frozen=True)
class Question:
    """A yes-or-no question about a report, and how it is answered.

    weights: feature -> log-odds that its presence adds. intercept: log-odds of a report without
    features. probability = sigmoid(slope * log-odds + offset), yes from `threshold`. rules: the
    question of the keywords that goes with it, or empty; yes from `rules_threshold`.
    """

    name: str
    negative: str
    positive: str
    classifier: str
    weights: Mapping[str, float]
    intercept: float
    slope: float
    offset: float
    threshold: float
    rules: str = ""
    rules_threshold: float = 0.5
    training: Mapping[str, Any] = field(default_factory=dict)
    stored: Mapping[str, Any] = field(default_factory=dict, repr=False)  # as the file has it

    def hits(self, bag: Bag) -> list[str]:
        """The features of a report that the question has a weight for, each once."""
        return [term for term in set(bag.features) if term in self.weights]

    def log_odds(self, hits: Sequence[str]) -> float:
        return self.intercept + math.fsum([self.weights[term] for term in hits])

    def probability(self, hits: Sequence[str]) -> float:
        """Of `positive`, in (0, 1)."""
        odds = self.slope * self.log_odds(hits) + self.offset
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, odds))))

    def says(self, probability: float) -> bool:
        return probability >= self.threshold

    def rules_say(self, bag: Bag) -> bool | None:
        """What the keywords say; None where none go with the question."""
        return bag.rules[self.rules] >= self.rules_threshold if self.rules else None

    def words(self, hits: Sequence[str], count: int) -> list[tuple[str, float]]:
        """The features that moved the log-odds of a report most, with what they added."""
        found = [(term, self.weights[term]) for term in hits]
        return sorted(found, key=lambda item: (-abs(item[1]), item[0]))[:count]

    def telling(self, count: int) -> tuple[list[tuple[str, float]], list[tuple[str, float]]]:
        """(features that speak most for `positive`, for `negative`)."""
        order = sorted(self.weights.items(), key=lambda item: (item[1], item[0]))
        up = [(word, odds) for word, odds in order[::-1][:count] if odds > 0]
        return up, [(word, odds) for word, odds in order[:count] if odds < 0]


@dataclass(frozen=True)
class Labeller:
    """Questions asked of every report.

    With one question its answer is the label. With two, opacity and abnormal: opacity gives the
    positive label, not abnormal the negative one, anything else none.
    """

    questions: tuple[Question, ...]
    negative: str
    positive: str
    steps: Steps = field(default_factory=Steps)
    card: Mapping[str, Any] = field(default_factory=dict)


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
        return _labeller(json.loads(text))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise UsageError(
            f"{source}: is not a labeller made by 'radistill text train' ({error!r})"
        ) from None


def save_labeller(path: Path, labeller: Labeller) -> None:
    """Write a labeller as JSON, atomically."""
    write_json(path, {
        "format": FORMAT,
        "card": dict(labeller.card),
        "labels": {"negative": labeller.negative, "positive": labeller.positive},
        "steps": asdict(labeller.steps),
        "questions": [dict(question.stored) for question in labeller.questions],
    })  # fmt: skip


def _labeller(value: dict[str, Any]) -> Labeller:
    if value["format"] != FORMAT:
        raise ValueError(f"its format is {value['format']!r}")
    labels = value["labels"]
    questions = tuple(question_of(stored) for stored in value["questions"])
    if not questions:
        raise ValueError("no questions")
    return Labeller(
        questions, labels["negative"], labels["positive"], Steps(**value["steps"]), value["card"]
    )


def question_of(stored: Mapping[str, Any]) -> Question:
    """A question from its form in the file.

    Naive Bayes is stored as the log-probability of each word of the vocabulary in each class;
    logistic regression as a weight of each. Raises KeyError, ValueError or TypeError.
    """
    weights, intercept = _weights(stored)
    numbers = [*weights.values(), intercept, *stored["calibration"].values(), stored["threshold"]]
    if not all(math.isfinite(number) for number in numbers):
        raise ValueError("a number is not finite")
    return Question(
        name=stored["name"],
        negative=stored["negative"],
        positive=stored["positive"],
        classifier=stored["classifier"],
        weights=weights,
        intercept=intercept,
        slope=stored["calibration"]["slope"],
        offset=stored["calibration"]["offset"],
        threshold=stored["threshold"],
        rules=stored["rules"]["question"],
        rules_threshold=stored["rules"]["threshold"],
        training=stored["training"],
        stored=stored,
    )


def _weights(stored: Mapping[str, Any]) -> tuple[dict[str, float], float]:
    vocabulary = stored["vocabulary"]
    if "weights" in stored:
        return dict(zip(vocabulary, stored["weights"], strict=True)), stored["intercept"]
    negative, positive = stored["log_probability"]
    prior = stored["log_prior"]
    odds = [p - n for n, p in zip(negative, positive, strict=True)]
    return dict(zip(vocabulary, odds, strict=True)), prior[1] - prior[0]
