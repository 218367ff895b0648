"""The figures of labellers on reports with known truth."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from radistill.errors import UsageError
from radistill.progress import bar
from radistill.schema.labeller_figures import LabellerEvaluation, LabellerFigures, ReportsFacts
from radistill.schema.labeller_file import Labeller, Steps
from radistill.text.evaluate.crossval import FOLDS, KINDS, HeldOutScores, crossvalidate
from radistill.text.evaluate.scores import TaskScores
from radistill.text.labeller.labeller import ClassTerms, ask, class_terms
from radistill.text.labeller.learn import INNER_FOLDS
from radistill.text.labeller.tasks import Task, tasks_of
from radistill.text.labeller.train import FEWEST, train_question
from radistill.text.nlp.bag import bag
from radistill.text.read.collection import ReportCollection

TERMS = 16  # of each class, for the report
COMPARED = ("naive_bayes", "best", "rules")
PAIRS = (("naive_bayes", "rules"), ("best", "rules"), ("best", "naive_bayes"))
STEPS = tuple(Steps.model_fields)  # taken away one at a time, in this order


@dataclass(frozen=True, eq=False)
class Evaluation:
    """figures: see docs/text.md. scores, terms: of each task; figures come from the scores."""

    figures: LabellerEvaluation
    scores: tuple[TaskScores, ...]
    terms: tuple[ClassTerms, ...]


def crossvalidated(
    reports: ReportCollection,
    seed: int,
    *,
    positive: str | None = None,
    rules: str = "",
    resamples: int = 2000,
    ablate: bool = True,
) -> Evaluation:
    """Nested cross-validation of all labellers on each task that the labels can answer.

    positive, rules: see `tasks_of`. ablate: take each step away in turn, for naive Bayes.
    Raises UsageError where labels are missing, of one class or too few.
    """
    tasks = tasks_of(reports, positive, rules)
    for task in tasks:
        task.require_texts(FEWEST)
    rounds = len(tasks) * (FOLDS * INNER_FOLDS * (1 + len(STEPS) * ablate) + INNER_FOLDS + 1)
    full = [bag(record.report, Steps()) for record in reports.records]
    every, terms, ablation = [], [], []
    with bar() as progress:
        tick = partial(progress.advance, progress.add_task("cross-validating", total=rounds))
        for task in tasks:
            scores = _held_out(reports, task, Steps(), KINDS, seed, tick)
            every.append(TaskScores(task, scores, resamples, seed))
            # Trained on all reports: shown, not scored.
            terms.append(class_terms(train_question(task, full, "naive_bayes", seed, tick), TERMS))
            if ablate:
                without = {"nothing": scores["naive_bayes"]}
                for step in STEPS:
                    fewer = Steps(**{step: False})
                    some = _held_out(reports, task, fewer, ("naive_bayes",), seed, tick)
                    without[step] = some["naive_bayes"]
                ablation += TaskScores(task, without, resamples, seed).ablation()
    figures = LabellerEvaluation(
        dataset=_facts(reports, tasks, seed, resamples),
        tasks={one.task.name: _figures(one, COMPARED) for one in every},
        comparisons={one.task.name: _figures(one, KINDS[1:]) for one in every},
        pairs=tuple(
            one.pair(a, b)
            for one in every
            for a, b in PAIRS
            if b in one.labellers and a in one.labellers
        ),
        agreement={one.task.name: one.agreement() for one in every if one.task.rules},
        ablation=tuple(ablation),
    )
    return Evaluation(figures, tuple(every), tuple(terms))


def evaluate_finished(
    reports: ReportCollection, labeller: Labeller, seed: int, resamples: int = 2000
) -> Evaluation:
    """A finished labeller on reports it has not seen; nothing is fitted or chosen here.

    Each task is answered by the labeller's question of that name, else by the one that goes with
    the same keywords. Raises UsageError if the labeller can answer none of the tasks.
    """
    every, terms = [], []
    for task in tasks_of(reports):
        same_name = [q for q in labeller.questions if q.name == task.name]
        same_rules = [
            q for q in labeller.questions if task.rules and q.rules.question == task.rules
        ]
        if not same_name + same_rules:
            continue
        question = (same_name + same_rules)[0]
        task.require_texts(FEWEST)
        bags = [bag(reports.records[i].report, labeller.steps) for i in task.rows]
        probability = np.array([ask(question, words).probability for words in bags])
        scores = {question.classifier: _at(question.threshold, probability)}
        if rules := question.rules.question:
            keywords = np.array([words.rules[rules] for words in bags])
            scores["rules"] = _at(question.rules.threshold, keywords)
        every.append(TaskScores(task, scores, resamples, seed))
        terms.append(class_terms(question, TERMS))
    if not every:
        raise UsageError(
            f"{reports.name}: the labeller answers none of the questions of its labels"
        )
    figures = LabellerEvaluation(
        dataset=_facts(reports, [one.task for one in every], seed, resamples),
        tasks={one.task.name: _figures(one, tuple(one.labellers)) for one in every},
    )
    return Evaluation(figures, tuple(every), tuple(terms))


def _at(threshold: float, probability: np.ndarray) -> HeldOutScores:
    return HeldOutScores(probability, probability >= threshold, [threshold])


def _held_out(
    reports: ReportCollection,
    task: Task,
    steps: Steps,
    kinds: Sequence[str],
    seed: int,
    tick: Callable[[], None],
) -> dict[str, HeldOutScores]:
    bags = [bag(reports.records[i].report, steps) for i in task.rows]
    rules = np.array([words.rules.get(task.rules, 0.0) for words in bags])
    features = [words.features for words in bags]
    scores = crossvalidate(features, rules, task.truth, task.groups, seed, kinds=kinds, tick=tick)
    if not task.rules:
        del scores["rules"]
    return scores


def _figures(scores: TaskScores, names: Sequence[str]) -> dict[str, LabellerFigures]:
    return {name: scores.figures(name) for name in names if name in scores.labellers}


def _facts(
    reports: ReportCollection, tasks: Sequence[Task], seed: int, resamples: int
) -> ReportsFacts:
    return ReportsFacts(
        name=reports.name,
        reports=len(reports.records),
        different_texts=len({record.group for record in reports.records}),
        seed=seed,
        folds=FOLDS,
        bootstrap=resamples,
        left_out={task.name: task.left_out for task in tasks},
        failed=len(reports.failed),
        notes=reports.notes,
    )
