"""The JSON file of a text labeller: what `radistill text train` writes."""

from functools import cached_property
from typing import Literal, Self

from pydantic import ConfigDict, Field, model_validator

from radistill.schema.record import Record

FORMAT: Literal["radistill text labeller 1"] = "radistill text labeller 1"


class Steps(Record):
    """Which steps of the text pipeline are taken; an ablation leaves one out."""

    model_config = ConfigDict(extra="forbid")

    sections: bool = True  # read findings and impression only
    negation: bool = True  # mark denied and doubted words
    stop_words: bool = True  # drop them
    lemmas: bool = True
    bigrams: bool = True
    keywords: bool = True  # add the result of the keyword rules as features


class Setting(Record):
    """Hyperparameters of a classifier.

    terms: features kept by chi-squared, None for all. smoothing: alpha of naive Bayes; C, the
    inverse strength of the penalty, of logistic regression.
    """

    bigrams: bool
    terms: int | None
    smoothing: float


class Training(Record):
    reports: int
    positives: int
    setting: Setting


class PlattScaling(Record):
    """probability = sigmoid(slope * log-odds + offset) (Platt 1999)."""

    slope: float
    offset: float


class KeywordRule(Record):
    """Keywords that check a classifier: yes if their score is at least `threshold`.

    question: a key of `radistill.text.nlp.rules.KEYWORDS`; empty where no keywords apply.
    """

    question: str = ""
    threshold: float = 0.5


class Question(Record):
    """A yes-or-no question about a report and the linear classifier that answers it.

    Naive Bayes is stored as a log-probability of each term in each class, negative first, with the
    classes' `log_prior`; logistic regression as a weight of each term with an `intercept`. The
    answer is yes if the calibrated probability of `positive` is at least `threshold`.
    """

    name: str
    negative: str
    positive: str
    classifier: str
    training: Training
    threshold: float
    calibration: PlattScaling
    rules: KeywordRule
    vocabulary: tuple[str, ...]
    log_prior: tuple[float, float] | None = None
    log_probability: tuple[tuple[float, ...], tuple[float, ...]] | None = None
    intercept: float | None = None
    weights: tuple[float, ...] | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        _ = self.term_odds, self.base_odds
        return self

    @cached_property
    def term_odds(self) -> dict[str, float]:
        """Term -> log-odds that its presence adds."""
        odds = self.weights
        if self.log_probability is not None:
            odds = tuple(p - n for n, p in zip(*self.log_probability, strict=True))
        if odds is None:
            raise ValueError("weights or log_probability is missing")
        return dict(zip(self.vocabulary, odds, strict=True))

    @property
    def base_odds(self) -> float:
        """Log-odds of a report that holds no term of the vocabulary."""
        if self.log_prior is not None:
            return self.log_prior[1] - self.log_prior[0]
        if self.intercept is None:
            raise ValueError("intercept or log_prior is missing")
        return self.intercept


class Labels(Record):
    """What the labeller writes."""

    negative: str
    positive: str


class TrainedOn(Record):
    source: str
    reports: int
    seed: int


class LabellerCard(Record):
    """Where a labeller comes from. Keys that its owner adds are kept."""

    model_config = ConfigDict(extra="allow")

    made_by: str
    trained_on: TrainedOn | str
    language: str
    intended_use: str


class Labeller(Record):
    """A trained labeller.

    With one question its answer is the label. With two, opacity and abnormal: yes to the first
    gives the positive label, no to both the negative one, anything else none.
    """

    format: Literal["radistill text labeller 1"]
    card: LabellerCard
    labels: Labels
    steps: Steps
    questions: tuple[Question, ...] = Field(min_length=1)
