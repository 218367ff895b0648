"""Which layers learn statistics: batch norm and dropout, put into train or eval on purpose."""

from __future__ import annotations

from typing import Literal

from torch import nn

from radistill.models.classifier import GreyClassifier


def freeze_batch_norm(model: nn.Module) -> None:
    """Put every batch norm of `model` into eval mode, so that its running statistics stay.

    Its weight and bias are still trained unless they are frozen elsewhere. Undone by
    `model.train()`.
    """
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.eval()


def set_training_mode(
    model: GreyClassifier, *, frozen_stages: int, batch_norm: Literal["train", "frozen"]
) -> None:
    """Call at the start of each epoch instead of `model.train()`.

    Frozen stages run in eval mode: batch statistics of a layer whose weights stand still would
    drift away from what those weights were trained with. `batch_norm="frozen"` keeps the
    running statistics of the other stages too, as is wise for small batches.
    """
    model.train()
    for stage in model.stages[:frozen_stages]:
        for module in stage:
            module.eval()
    if batch_norm == "frozen":
        freeze_batch_norm(model)
