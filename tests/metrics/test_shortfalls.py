"""A model that learnt nothing, or less than a simpler one, is named; a good one is not."""

from __future__ import annotations

import numpy as np
import pytest

from radistill.config import EvaluationConfig
from radistill.metrics.predictions import Predictions
from radistill.metrics.shortfalls import ADVICE, shortfalls

CONFIG = EvaluationConfig(bootstrap=300)
NAMES = tuple(map(str, range(120)))
LABEL = tuple("AB"[i % 2] for i in range(120))


def predictions(gap: float, spread: float = 1.0, seed: int = 0) -> Predictions:
    """Scores of two normal distributions that lie `gap` apart; spread: scale of the log-odds."""
    rng = np.random.default_rng(seed)
    logits = spread * (rng.normal(size=120) + gap * (np.array(LABEL) == "B") - gap / 2)
    return Predictions(NAMES, NAMES, LABEL, 1 / (1 + np.exp(-logits)), "B")


def test_a_good_model_has_no_shortfall():
    good = predictions(3)
    assert shortfalls("student", good, {"baseline": predictions(2, seed=1)}, CONFIG, 0) == ()
    assert shortfalls("student", good, {"baseline": good}, CONFIG, 0) == ()


@pytest.mark.parametrize("gap", [0.0, -1.0])
def test_an_interval_that_holds_or_lies_below_a_half_is_not_better_than_chance(gap):
    chance, *_, advice = shortfalls("student", predictions(gap), {}, CONFIG, 0)
    assert "The student learnt nothing" in chance
    assert "not better than chance" in chance
    assert advice == ADVICE


def test_a_few_films_show_neither():
    few = predictions(4)
    few = Predictions(NAMES[:4], NAMES[:4], LABEL[:4], few.probability[:4], "B")
    (untold,) = shortfalls("student", few, {}, CONFIG, 0)
    assert untold.startswith("Validation is too small to show that the student learnt anything")
    assert "of 4 films" in untold
    assert "data.val_fraction" in untold


def test_constant_outputs_are_named_whatever_their_ranks():
    flat = shortfalls("student", predictions(3, spread=0.001), {}, CONFIG, 0)
    assert "nearly constant, 0.49" in flat[0]
    assert len(flat) == 2
    same = Predictions(NAMES, NAMES, LABEL, np.full(120, 0.3), "B")
    assert "not better than chance" in shortfalls("student", same, {}, CONFIG, 0)[0]


def test_clearly_behind_another_model():
    better, weak = predictions(4, seed=1), predictions(1)
    behind, advice = shortfalls("student", weak, {"baseline": better}, CONFIG, 0)
    assert behind.startswith("The student is behind the baseline")
    assert "radistill bundle RUN/baseline" in behind
    assert advice == ADVICE
    wide = EvaluationConfig(bootstrap=300, margin=0.4)
    assert shortfalls("student", weak, {"baseline": better}, wide, 0) == ()


def test_one_class_says_nothing():
    only = Predictions(NAMES, NAMES, ("A",) * 120, np.full(120, 0.3), "B")
    assert shortfalls("student", only, {}, CONFIG, 0) == ()
