"""Batch statistics move only where they should."""

from __future__ import annotations

from typing import Literal

import pytest
import torch
from torch import nn

from radistill.models import create, freeze_batch_norm, set_training_mode


def moved(frozen: int, batch_norm: Literal["train", "frozen"]) -> set[str]:
    """Names of running means that one training batch changes."""
    model, _ = create("resnet18", classes=2, weights="random", input_size=64)
    model.eval()
    set_training_mode(model, frozen_stages=frozen, batch_norm=batch_norm)
    before = {k: v.clone() for k, v in model.state_dict().items() if k.endswith("running_mean")}
    model(torch.rand(4, 1, 64, 64))
    after = model.state_dict()
    return {key for key, value in before.items() if not torch.equal(after[key], value)}


def test_frozen_stages_keep_their_statistics() -> None:
    names = moved(2, "train")
    assert "backbone.layer2.0.bn1.running_mean" in names
    assert not [n for n in names if n.startswith(("backbone.bn1", "backbone.layer1"))]


@pytest.mark.parametrize("frozen", [0, 3])
def test_all_statistics_stay_when_frozen(frozen: int) -> None:
    assert moved(frozen, "frozen") == set()


def test_all_statistics_move_when_nothing_is_frozen() -> None:
    assert len(moved(0, "train")) == 20


def test_dropout_stays_on_and_norm_weights_stay_trainable() -> None:
    model, _ = create("resnet18", classes=2, weights="random", input_size=64, dropout=0.5)
    set_training_mode(model, frozen_stages=5, batch_norm="frozen")
    assert model.head[0].training
    freeze_batch_norm(model)
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    assert not any(m.training for m in norms)
    assert all(m.weight.requires_grad for m in norms)
