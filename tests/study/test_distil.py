"""Which teachers teach."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np

from radistill.config import load_config
from radistill.study.distil import own_teachers, student_names, without_worse

TRUTH = np.arange(200) % 2 == 1


def teacher(name: str, seed: int, gap: float, noise: float = 1.0) -> SimpleNamespace:
    """Log-odds of noise, with `gap` between the classes."""
    odds = np.random.default_rng(seed).normal(0, noise, len(TRUTH)) + gap * (TRUTH - 0.5)
    predictions = SimpleNamespace(truth=TRUTH, probability=1 / (1 + np.exp(-odds)))
    return SimpleNamespace(name=name, predictions=lambda split: {"val": predictions}[split])


def names(teachers: list[SimpleNamespace]) -> list[str]:
    return [one.name for one in without_worse(teachers)]


def test_a_teacher_that_makes_the_average_worse_is_left_out() -> None:
    good = [teacher(f"good-{seed}", seed, 3.0) for seed in range(2)]
    bad = teacher("bad", 7, -4.0)
    assert names([good[0], bad, good[1]]) == ["good-0", "good-1"]
    worse = teacher("worse", 8, -6.0)
    assert names([bad, *good, worse]) == ["good-0", "good-1"]


def test_teachers_that_agree_or_help_are_kept() -> None:
    one = teacher("one", 0, 3.0)
    assert names([one]) == ["one"]
    assert names([one, one, one]) == ["one"] * 3, "ties keep"
    helping = [teacher(str(seed), seed, 2.0) for seed in range(4)]
    assert len(names(helping)) == 4


def test_a_better_auc_alone_does_not_leave_a_teacher_out() -> None:
    """Without the cautious one ranks are a little better, and the probabilities worse."""
    rash, cautious = teacher("rash", 0, 12.0, noise=6.0), teacher("cautious", 1, 0.3, noise=0.4)
    assert names([rash, cautious]) == ["rash", "cautious"]


def test_names() -> None:
    members = load_config("demo", None, ["teacher.members=[{}, {input_size: 96, seed: 5}]"])
    own = own_teachers(members)
    assert list(own) == ["teacher-1", "teacher-2"]
    assert [(one.recipe.input_size, one.seed) for one in own.values()] == [(128, 0), (96, 5)]
    assert list(own_teachers(load_config("demo"))) == ["teacher"]
    further = load_config("demo", None, [f"distill.teachers=[{Path('elsewhere')}]"])
    assert list(own_teachers(further)) == ["teacher-1"]
    rounds = load_config("demo", None, ["distill.rounds=3"])
    assert student_names(rounds.distill) == ["student-1", "student-2", "student"]
