"""The questions that labels of the Open-i collection answer, and the truth in its tags."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

# Tags of Open-i's `Problems` that count as pneumonia-like opacity.
OPACITY = frozenset({"pneumonia", "infiltrate", "consolidation", "airspace disease"})
UNTAGGED = "no indexing"  # nobody read such a report for tags, so it is neither normal nor not


@dataclass(frozen=True, slots=True)
class Task:
    """A question with two answers. `rules`: the question of the keywords that goes with it.

    truth: tags of a report, in lower case -> True for `positive`, None where the task leaves the
    report out.
    """

    name: str
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


TASKS = {
    task.name: task
    for task in (
        Task("normal-abnormal", "normal", "abnormal", "abnormal", _abnormal),
        Task("opacity-rest", "rest", "opacity", "opacity", _opacity),
        Task("normal-opacity", "normal", "opacity", "opacity", _opacity_or_normal),
    )
}


def tags_of(problems: str) -> frozenset[str]:
    """`Opacity;Airspace Disease` -> {"opacity", "airspace disease"}."""
    return frozenset(tag.strip().lower() for tag in problems.split(";") if tag.strip())
