"""Which questions the labels of a source can answer, and the truth of each report."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from radistill.data.labels import choose_classes
from radistill.errors import UsageError
from radistill.text.labeller.tasks import TASKS, Task, tags_of
from radistill.text.nlp.rules import QUESTIONS
from radistill.text.read.collection import OPEN_I_LABEL, Reports

# What a labeller of Open-i's tags calls its labels: names that a study knows.
LABELS = ("NORMAL", "PNEUMONIA")
TRAINED = ("opacity-rest", "normal-abnormal")  # of the tasks; together they give a label


@dataclass(frozen=True)
class Asked:
    """A question with its truth: one of True, False, None (left out) for each report.

    labels: what the labeller built on it writes, negative and positive.
    """

    name: str
    negative: str
    positive: str
    rules: str
    truth: tuple[bool | None, ...]
    labels: tuple[str, str]


def asked_for_training(reports: Reports, positive: str | None, rules: str) -> list[Asked]:
    """The questions a labeller is trained for."""
    if is_open_i(reports):
        return [_open_i(reports, TASKS[name]) for name in TRAINED]
    return [_own(reports, positive, rules)]


def asked_for_evaluation(reports: Reports, positive: str | None, rules: str) -> list[Asked]:
    """The questions figures are given for."""
    if is_open_i(reports):
        return [_open_i(reports, task) for task in TASKS.values()]
    return [_own(reports, positive, rules)]


def is_open_i(reports: Reports) -> bool:
    return reports.label_name == OPEN_I_LABEL


def _open_i(reports: Reports, task: Task) -> Asked:
    truth = tuple(task.truth(tags_of(entry.label)) for entry in reports.entries)
    return Asked(task.name, task.negative, task.positive, task.rules, truth, LABELS)


def _own(reports: Reports, positive: str | None, rules: str) -> Asked:
    """Labels of the user's own; an empty one is left out, all but `positive` count as negative."""
    if rules and rules not in QUESTIONS:
        raise UsageError(f"--rules {rules}: one of {', '.join(QUESTIONS)}")
    counts = Counter(entry.label for entry in reports.entries if entry.label)
    if not counts:
        raise UsageError(
            f"{reports.name}: has no labels to learn from; name their column with --label"
        )
    try:
        classes, positive, _ = choose_classes(list(counts), positive)
    except UsageError as error:
        raise UsageError(f"{reports.name}, column {reports.label_name}: {error}") from None
    negative = classes[0] if len(classes) == 2 else "other"
    truth = tuple((e.label == positive) if e.label else None for e in reports.entries)
    name = f"{negative}-{positive}"
    return Asked(name, negative, positive, rules, truth, (negative, positive))
