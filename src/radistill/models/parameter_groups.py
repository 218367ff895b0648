"""Optimiser groups: frozen stages, smaller steps for earlier layers, decay only where it helps."""

from __future__ import annotations

from typing import Any

from torch import nn

from radistill.errors import UsageError
from radistill.models.classifier import GreyClassifier


def trainable_groups(
    model: GreyClassifier,
    *,
    frozen_stages: int,
    learning_rate: float,
    layer_decay: float,
    weight_decay: float,
) -> list[dict[str, Any]]:
    """Parameter groups (`params`, `lr`, `weight_decay`, `name`) for a torch optimiser.

    The first `frozen_stages` stages of the backbone stop requiring gradients and are left out;
    all else requires them. Stage i of n (counted from 1, the earliest) gets
    `learning_rate * layer_decay ** (n - i)`, the head `learning_rate`. Biases and
    normalisation parameters (one dimension) are not decayed.

    Raises UsageError if there are fewer stages than should be frozen.
    """
    stages = model.stages
    if frozen_stages > len(stages):
        raise UsageError(
            f"frozen_stages: {frozen_stages}, but {model.architecture} has {len(stages)} stages"
        )
    groups: list[dict[str, Any]] = []
    for index, parameters in enumerate(_stage_parameters(model)):
        trained = index >= frozen_stages
        for parameter in parameters:
            parameter.requires_grad_(trained)
        if trained:
            rate = learning_rate * layer_decay ** (len(stages) - 1 - index)
            groups += _split(f"stage{index + 1}", parameters, rate, weight_decay)
    head = list(model.head.parameters())
    for parameter in head:
        parameter.requires_grad_(True)
    return groups + _split("head", head, learning_rate, weight_decay)


def _stage_parameters(model: GreyClassifier) -> list[list[nn.Parameter]]:
    """Parameters by stage; those outside any stage (a class token) belong to the first."""
    stages = [[p for module in stage for p in module.parameters()] for stage in model.stages]
    known = {id(p) for stage in stages for p in stage}
    stages[0] = [p for p in model.backbone.parameters() if id(p) not in known] + stages[0]
    return stages


def _split(
    name: str, parameters: list[nn.Parameter], rate: float, weight_decay: float
) -> list[dict[str, Any]]:
    decayed = [p for p in parameters if p.ndim > 1]
    plain = [p for p in parameters if p.ndim <= 1]
    return [
        {"params": params, "lr": rate, "weight_decay": decay, "name": name}
        for params, decay in ((decayed, weight_decay), (plain, 0.0))
        if params
    ]
