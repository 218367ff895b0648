"""From labelled reports to a labeller."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import ComplementNB, MultinomialNB
from sklearn.pipeline import Pipeline

from radistill import __version__
from radistill.errors import UsageError
from radistill.progress import bar
from radistill.text.labeller.labeller import DIGITS, Labeller, Question, question_of
from radistill.text.labeller.learn import (
    INNER_FOLDS,
    Chosen,
    best_f1_threshold,
    choose,
    classifier,
    few_terms,
)
from radistill.text.labeller.questions import Asked, asked_for_training
from radistill.text.nlp.bag import Bag, Steps, bag
from radistill.text.nlp.transformers import full_pipeline
from radistill.text.read.collection import Entry, Reports

FEWEST = 2 * INNER_FOLDS  # different texts of each class


def train(
    reports: Reports, kind: str, seed: int, *, positive: str | None = None, rules: str = ""
) -> Labeller:
    """Train one question for each that the labels of `reports` can answer.

    kind: naive_bayes, complement or logistic. positive, rules: for labels of the user's own, see
    `questions`. Settings, calibration and threshold come from cross-validation, identical texts
    together. Raises UsageError if labels are missing, of one class, or too few.
    """
    asked = asked_for_training(reports, positive, rules)
    with bar() as progress:
        task = progress.add_task("training", total=len(asked) * (INNER_FOLDS + 1))
        bags = [bag(entry.report, Steps()) for entry in reports.entries]

        def tick() -> None:
            progress.advance(task)

        questions = tuple(
            train_question(one, reports.entries, bags, kind, seed, tick) for one in asked
        )
    negative, positive = asked[0].labels
    card = {
        "made_by": f"radistill {__version__}",
        "trained_on": {"source": reports.name, "reports": len(reports.entries), "seed": seed},
        "language": "English",
        "intended_use": "labels for training image models; research and teaching, not a medical "
        "device",
    }
    return Labeller(questions, negative, positive, Steps(), card)


def train_question(
    asked: Asked,
    entries: Sequence[Entry],
    bags: Sequence[Bag],
    kind: str,
    seed: int,
    tick: Callable[[], None] = lambda: None,
) -> Question:
    """Choose settings within the reports that have an answer, then train on all of them."""
    rows = np.array([i for i, answer in enumerate(asked.truth) if answer is not None])
    truth = np.array([bool(asked.truth[i]) for i in rows])
    groups = np.array([entries[i].group for i in rows])
    refuse_few(asked, truth, groups)
    features = [found.features for found in bags]
    chosen = choose((kind,), features, rows, truth, groups, seed, tick=tick)[kind]
    pipeline = full_pipeline(
        classifier(
            kind, terms=chosen.setting["terms"], smoothing=chosen.setting["smoothing"]
        ),
        bigrams=chosen.setting["bigrams"],
    )  # fmt: skip
    with few_terms():
        pipeline.fit([entries[i].report for i in rows], truth)
    tick()
    threshold = 0.5
    if asked.rules:
        scores = np.array([bags[i].rules[asked.rules] for i in rows])
        threshold = best_f1_threshold(truth, scores)
    return question_of(_stored(asked, pipeline, chosen, truth, threshold))


def refuse_few(asked: Asked, truth: np.ndarray, groups: np.ndarray) -> None:
    for name, members in ((asked.positive, truth), (asked.negative, ~truth)):
        texts = len(set(groups[members]))
        if texts < FEWEST:
            raise UsageError(
                f"{asked.name}: {texts} different reports are {name}; "
                f"at least {FEWEST} of each class are needed to learn and to check"
            )


def _stored(
    asked: Asked, pipeline: Pipeline, chosen: Chosen, truth: np.ndarray, rules_threshold: float
) -> dict[str, Any]:
    """A trained question in the form of the file."""
    names = pipeline["bag"].get_feature_names_out()[pipeline["select"].get_support()]
    return {
        "name": asked.name,
        "negative": asked.negative,
        "positive": asked.positive,
        "classifier": chosen.kind,
        "training": {
            "reports": len(truth),
            "positives": int(truth.sum()),
            "setting": chosen.setting,
        },
        "threshold": chosen.threshold,
        "calibration": {"slope": chosen.calibration.slope, "offset": chosen.calibration.offset},
        "rules": {"question": asked.rules, "threshold": rules_threshold},
        "vocabulary": [str(name) for name in names],
        **_numbers(pipeline["model"]),
    }


def _numbers(model: Any) -> dict[str, Any]:
    if isinstance(model, LogisticRegression):
        return {"intercept": float(model.intercept_[0]), "weights": _rounded(model.coef_[0])}
    return {
        "log_prior": _log_prior(model),
        "log_probability": [_rounded(row) for row in model.feature_log_prob_],
    }


def _log_prior(model: MultinomialNB | ComplementNB) -> list[float]:
    """Complement naive Bayes has no prior with two classes."""
    if isinstance(model, ComplementNB):
        return [0.0, 0.0]
    return [float(value) for value in model.class_log_prior_]


def _rounded(values: np.ndarray) -> list[float]:
    return [round(float(value), DIGITS) for value in values]
