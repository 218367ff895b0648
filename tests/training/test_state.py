"""The state of a training: its moving average of the weights."""

from __future__ import annotations

import pytest
import torch
from accelerate import Accelerator

from radistill.config import Recipe
from radistill.models import create
from radistill.training.objective import CrossEntropy
from radistill.training.state import start_training


@pytest.mark.parametrize("decay", [0.2, 0.998])
def test_the_average_of_the_weights_by_hand(decay: float) -> None:
    model, _ = create("baseline", classes=2, weights="random", input_size=16)
    recipe = Recipe(architecture="baseline", ema=decay)
    average = start_training(model, recipe, 5, CrossEntropy(), Accelerator(cpu=True)).average
    assert average is not None
    expected = 0.0
    for count, value in enumerate([3.0, 7.0, -2.0, 5.0]):
        for parameter in model.parameters():
            parameter.data.fill_(value)
        average.update_parameters(model)
        kept = min(decay, (1 + count) / (10 + count)) if count else 0.0  # the first is taken whole
        expected = kept * expected + (1 - kept) * value
        for parameter in average.module.parameters():
            torch.testing.assert_close(parameter, torch.full_like(parameter, expected))
