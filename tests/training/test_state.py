"""The state of a training: its moving average of the network, and the scale of its gradients."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from accelerate import Accelerator
from torch import nn

from radistill.config import AugmentConfig, Recipe
from radistill.models import create
from radistill.training.loop import train_one_epoch
from radistill.training.objective import CrossEntropy
from radistill.training.state import start_training
from radistill.training.views import Views


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
        average.update()
        kept = min(decay, (1 + count) / (10 + count)) if count else 0.0  # the first is taken whole
        expected = kept * expected + (1 - kept) * value
        for parameter in average.module.parameters():
            torch.testing.assert_close(parameter, torch.full_like(parameter, expected))


def test_the_average_has_batch_norm_statistics_of_its_own() -> None:
    model, _ = create("resnet18", classes=2, weights="random", input_size=32)
    recipe = Recipe(architecture="resnet18", ema=0.2)
    average = start_training(model, recipe, 5, CrossEntropy(), Accelerator(cpu=True)).average
    assert average is not None
    expected = 0.0
    for count, value in enumerate([3.0, 7.0, 2.0]):
        for norm in model.modules():
            if isinstance(norm, nn.BatchNorm2d):
                norm.running_mean.fill_(value)
                norm.running_var.fill_(value + 1)
        average.update()
        kept = min(0.2, (1 + count) / (10 + count)) if count else 0.0
        expected = kept * expected + (1 - kept) * value
    norms = [norm for norm in average.module.modules() if isinstance(norm, nn.BatchNorm2d)]
    assert norms
    for norm in norms:
        torch.testing.assert_close(norm.running_mean, torch.full_like(norm.running_mean, expected))
        torch.testing.assert_close(
            norm.running_var, torch.full_like(norm.running_var, expected + 1)
        )


def test_the_scale_of_fp16_gradients_is_resumed_and_each_network_starts_its_own(
    tiny, task, tmp_path
) -> None:
    """A scaler on the CPU, which a GPU with mixed_precision=fp16 has from accelerate."""

    def started():
        accelerator = Accelerator(cpu=True)
        accelerator.scaler = torch.amp.GradScaler("cpu")
        return begin(accelerator)

    def begin(accelerator: Accelerator):
        torch.manual_seed(0)
        model, _ = create("baseline", classes=2, weights="random", input_size=32)
        job = replace(task(), accelerator=accelerator)
        return start_training(model, tiny, 6, CrossEntropy(), accelerator), job

    state, job = started()
    views = Views(1, 0, AugmentConfig())
    train_one_epoch(state, tiny, job, views, epoch=1)
    scale = job.accelerator.scaler.state_dict()
    assert scale["_growth_tracker"] == 6  # steps without an overflow
    state.save(tmp_path, "k")
    again, resumed = started()
    again.load(tmp_path, "k")
    assert resumed.accelerator.scaler.state_dict() == scale
    begin(resumed.accelerator)
    assert resumed.accelerator.scaler.state_dict()["_growth_tracker"] == 0


def test_a_checkpoint_is_resumed_with_and_without_a_scaler(tiny, task, tmp_path) -> None:
    """Fp16 on a GPU before, float32 on a CPU now, and back."""

    def started(scaled: bool):
        accelerator = Accelerator(cpu=True)
        accelerator.scaler = torch.amp.GradScaler("cpu") if scaled else None
        model, _ = create("baseline", classes=2, weights="random", input_size=32)
        return start_training(model, tiny, 6, CrossEntropy(), accelerator)

    for before, now in ((True, False), (False, True)):
        state, again = started(before), started(now)
        state.save(tmp_path, "k")
        again.load(tmp_path, "k")
        for name, values in state.model.state_dict().items():
            torch.testing.assert_close(again.model.state_dict()[name], values)
