"""The figures of labellers on reports with known truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from radistill.errors import UsageError
from radistill.metrics.intervals import auc_difference_interval
from radistill.metrics.metrics import metrics
from radistill.progress import bar
from radistill.text.evaluate.crossval import FOLDS, KINDS, Scored, crossvalidate
from radistill.text.evaluate.scores import Answers, Telling, agreement, f1_of, pairs, task_figures
from radistill.text.labeller.labeller import Labeller
from radistill.text.labeller.learn import INNER_FOLDS
from radistill.text.labeller.questions import Asked, asked_for_evaluation
from radistill.text.labeller.train import refuse_few, train_question
from radistill.text.nlp.bag import Steps, bag
from radistill.text.read.collection import Reports

WORDS = 16  # of each class, for the report
SHOWN = ("naive_bayes", "best", "rules")
# Taken away one at a time, in the order in which they come.
STEPS = tuple(field.name for field in fields(Steps))


@dataclass(frozen=True, eq=False)
class Evaluation:
    """figures: ready for JSON, see docs/text.md. answers: what they were computed from."""

    figures: dict[str, Any]
    answers: tuple[Answers, ...]


def crossvalidated(
    reports: Reports,
    seed: int,
    *,
    positive: str | None = None,
    rules: str = "",
    resamples: int = 2000,
    ablate: bool = True,
) -> Evaluation:
    """Nested cross-validation of all labellers on each task that the labels can answer.

    positive, rules: see `questions`. ablate: take each step away in turn, for naive Bayes.
    Raises UsageError where labels are missing, of one class or too few.
    """
    tasks = asked_for_evaluation(reports, positive, rules)
    kept = [_rows(asked, reports) for asked in tasks]
    rounds = len(tasks) * (FOLDS * INNER_FOLDS * (1 + len(STEPS) * ablate) + INNER_FOLDS + 1)
    answers, removed = [], []
    with bar() as progress:
        job = progress.add_task("cross-validating", total=rounds)

        def tick() -> None:
            progress.advance(job)

        for asked, rows in zip(tasks, kept, strict=True):
            truth, groups = _truth(asked, rows), _groups(reports, rows)
            full = Answers(
                asked,
                truth,
                groups,
                _score(reports, asked, rows, Steps(), seed, tick),
                _telling(reports, asked, seed, tick),
            )
            answers.append(full)
            if ablate:
                removed += _ablation(reports, full, rows, seed, resamples, tick)
    result = {
        "dataset": _described(reports, tasks, seed, resamples),
        "tasks": {one.asked.name: task_figures(one, SHOWN, resamples, seed) for one in answers},
        "comparisons": {
            one.asked.name: task_figures(one, KINDS[1:], resamples, seed) for one in answers
        },
        "pairs": [pair for one in answers for pair in pairs(one, resamples, seed)],
        "agreement": {one.asked.name: agreement(one) for one in answers if one.asked.rules},
        "ablation": removed,
    }
    return Evaluation(result, tuple(answers))


def external(reports: Reports, labeller: Labeller, seed: int, resamples: int = 2000) -> Evaluation:
    """A finished labeller on reports it has not seen; nothing is fitted or chosen here.

    Each task is answered by the labeller's question of that name, else by the one that goes with
    the same keywords. Raises UsageError if the labeller can answer none of the tasks.
    """
    answers = []
    for asked in asked_for_evaluation(reports, None, ""):
        question = next((q for q in labeller.questions if q.name == asked.name), None) or next(
            (q for q in labeller.questions if asked.rules and q.rules == asked.rules), None
        )
        if question is None:
            continue
        rows = _rows(asked, reports)
        bags = [bag(reports.entries[i].report, labeller.steps) for i in rows]
        probability = np.array([question.probability(question.hits(found)) for found in bags])
        scored = {question.classifier: _fixed(probability, question.threshold)}
        if question.rules:
            said = np.array([found.rules[question.rules] for found in bags])
            scored["rules"] = _fixed(said, question.rules_threshold)
        telling = question.telling(WORDS)
        groups = _groups(reports, rows)
        answers.append(Answers(asked, _truth(asked, rows), groups, scored, telling))
    if not answers:
        raise UsageError(
            f"{reports.name}: the labeller answers none of the questions of its labels"
        )
    result = {
        "dataset": _described(reports, [one.asked for one in answers], seed, resamples),
        "tasks": {
            one.asked.name: task_figures(one, tuple(one.scored), resamples, seed) for one in answers
        },
    }
    return Evaluation(result, tuple(answers))


def _fixed(probability: np.ndarray, threshold: float) -> Scored:
    return Scored(probability, probability >= threshold, [threshold])


def _rows(asked: Asked, reports: Reports) -> list[int]:
    rows = [i for i, answer in enumerate(asked.truth) if answer is not None]
    refuse_few(asked, _truth(asked, rows), _groups(reports, rows))
    return rows


def _truth(asked: Asked, rows: Sequence[int]) -> np.ndarray:
    return np.array([bool(asked.truth[i]) for i in rows])


def _groups(reports: Reports, rows: Sequence[int]) -> np.ndarray:
    return np.array([reports.entries[i].group for i in rows])


def _score(
    reports: Reports, asked: Asked, rows: Sequence[int], steps: Steps, seed: int, tick: Any,
    kinds: Sequence[str] = KINDS,
) -> dict[str, Scored]:  # fmt: skip
    bags = [bag(reports.entries[i].report, steps) for i in rows]
    rules = np.array([found.rules.get(asked.rules, 0.0) for found in bags])
    scored = crossvalidate(
        [found.features for found in bags], rules, _truth(asked, rows), _groups(reports, rows),
        seed, kinds=kinds, bigrams=steps.bigrams, tick=tick,
    )  # fmt: skip
    if not asked.rules:
        del scored["rules"]
    return scored


def _telling(reports: Reports, asked: Asked, seed: int, tick: Any) -> Telling:
    """The words of naive Bayes trained on all reports: shown, not scored."""
    bags = [bag(entry.report, Steps()) for entry in reports.entries]
    question = train_question(asked, reports.entries, bags, "naive_bayes", seed, tick)
    return question.telling(WORDS)


def _ablation(
    reports: Reports, full: Answers, rows: Sequence[int], seed: int, resamples: int, tick: Any
) -> list[dict[str, Any]]:
    """Naive Bayes without one step at a time; the first row is with all of them."""
    truth, groups, base = full.truth, full.groups, full.scored["naive_bayes"]
    found = [_removed(full.asked.name, "nothing", truth, base)]
    for step in STEPS:
        without = Steps(**{step: False})
        scored = _score(reports, full.asked, rows, without, seed, tick, ("naive_bayes",))
        row = _removed(full.asked.name, step, truth, scored["naive_bayes"])
        row["auc_change"] = row["auc"] - found[0]["auc"]
        row["ci"] = list(auc_difference_interval(
            truth, scored["naive_bayes"].probability, base.probability, groups.tolist(),
            resamples, seed,
        ))  # fmt: skip
        found.append(row)
    return found


def _removed(task: str, step: str, truth: np.ndarray, scored: Scored) -> dict[str, Any]:
    auc = metrics(truth, scored.probability, 0.5)["auc"]
    return {"task": task, "without": step, "auc": auc, "f1": f1_of(truth, scored.called)}


def _described(reports: Reports, tasks: Sequence[Asked], seed: int, resamples: int) -> Any:
    return {
        "name": reports.name,
        "reports": len(reports.entries),
        "different_texts": len({entry.group for entry in reports.entries}),
        "seed": seed,
        "folds": FOLDS,
        "bootstrap": resamples,
        "left_out": {asked.name: sum(a is None for a in asked.truth) for asked in tasks},
        "failed": len(reports.failed),
        "notes": list(reports.notes),
    }
