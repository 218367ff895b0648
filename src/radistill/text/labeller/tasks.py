"""The questions that the labels of a collection answer, and the truth of each report."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from radistill.data.labels import choose_classes
from radistill.errors import UsageError
from radistill.text.nlp.rules import QUESTIONS
from radistill.text.read.collection import OPEN_I_LABEL, ReportCollection

# Tags of Open-i's `Problems` that count as pneumonia-like opacity.
OPACITY = frozenset({"pneumonia", "infiltrate", "consolidation", "airspace disease"})
UNTAGGED = "no indexing"  # nobody tagged this report, so its truth is unknown


class OpenITask(NamedTuple):
    """A question that the tags of Open-i answer.

    rules: the keyword question that goes with it. truth: tags in lower case -> True for
    `positive`, None where the report is left out.
    """

    negative: str
    positive: str
    rules: str
    truth: Callable[[frozenset[str]], bool | None]


def _abnormal(tags: frozenset[str]) -> bool | None:
    return None if UNTAGGED in tags else "normal" not in tags


def _opacity(tags: frozenset[str]) -> bool | None:
    return None if UNTAGGED in tags else bool(tags & OPACITY)


def _opacity_or_normal(tags: frozenset[str]) -> bool | None:
    return True if tags & OPACITY else (False if "normal" in tags else None)


OPEN_I_TASKS = {
    "normal-abnormal": OpenITask("normal", "abnormal", "abnormal", _abnormal),
    "opacity-rest": OpenITask("rest", "opacity", "opacity", _opacity),
    "normal-opacity": OpenITask("normal", "opacity", "opacity", _opacity_or_normal),
}
OPEN_I_TRAINED = ("opacity-rest", "normal-abnormal")  # in this order they give a label
OPEN_I_LABELS = ("NORMAL", "PNEUMONIA")  # class names that a study knows


def tags_of(problems: str) -> frozenset[str]:
    """`Opacity;Airspace Disease` -> {"opacity", "airspace disease"}."""
    return frozenset(tag.strip().lower() for tag in problems.split(";") if tag.strip())


@dataclass(frozen=True, eq=False)
class Task:
    """A question and its truth for the reports that have an answer.

    rules: the keyword question that goes with it, or empty. labels: the negative and positive
    label of a labeller trained for it. rows: (N,) indices into the collection. truth: (N,) bool.
    groups: (N,) str, the same for identical texts. left_out: reports without an answer.
    """

    name: str
    negative: str
    positive: str
    rules: str
    labels: tuple[str, str]
    rows: np.ndarray
    truth: np.ndarray
    groups: np.ndarray
    left_out: int

    def require_texts(self, fewest: int) -> None:
        """Raise UsageError if a class has fewer than `fewest` different texts."""
        for name, members in ((self.positive, self.truth), (self.negative, ~self.truth)):
            texts = len(set(self.groups[members]))
            if texts < fewest:
                raise UsageError(
                    f"{self.name}: {texts} different reports are {name}; "
                    f"at least {fewest} of each class are needed to learn and to check"
                )


def tasks_of(
    reports: ReportCollection,
    positive: str | None = None,
    rules: str = "",
    names: Iterable[str] = OPEN_I_TASKS,
) -> list[Task]:
    """Tasks of a collection: with the tags of Open-i those of `names`, else one of its own labels.

    positive, rules: for own labels; reports without one are left out, and all others but
    `positive` count as negative. Raises UsageError where they do not fit.
    """
    if reports.label_name == OPEN_I_LABEL:
        tags = [tags_of(record.label) for record in reports.records]
        return [
            _task(reports, name, *known[:3], OPEN_I_LABELS, list(map(known.truth, tags)))
            for name, known in ((name, OPEN_I_TASKS[name]) for name in names)
        ]
    if rules and rules not in QUESTIONS:
        raise UsageError(f"--rules {rules}: one of {', '.join(QUESTIONS)}")
    counts = Counter(record.label for record in reports.records if record.label)
    if not counts:
        raise UsageError(
            f"{reports.name}: has no labels to learn from; name their column with --label"
        )
    try:
        classes, positive, _ = choose_classes(list(counts), positive)
    except UsageError as error:
        raise UsageError(f"{reports.name}, column {reports.label_name}: {error}") from None
    negative = classes[0] if len(classes) == 2 else "other"
    truth = [(r.label == positive) if r.label else None for r in reports.records]
    name = f"{negative}-{positive}"
    return [_task(reports, name, negative, positive, rules, (negative, positive), truth)]


def _task(
    reports: ReportCollection,
    name: str,
    negative: str,
    positive: str,
    rules: str,
    labels: tuple[str, str],
    truth: Sequence[bool | None],
) -> Task:
    rows = np.array([i for i, answer in enumerate(truth) if answer is not None], dtype=int)
    answers = np.array([bool(truth[i]) for i in rows], dtype=bool)
    groups = np.array([reports.records[i].group for i in rows])
    left_out = len(truth) - len(rows)
    return Task(name, negative, positive, rules, labels, rows, answers, groups, left_out)
