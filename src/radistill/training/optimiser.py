"""Optimisers and learning-rate schedules, by the names used in the configuration."""

from __future__ import annotations

from typing import Any

from torch.optim import SGD, AdamW, Optimizer
from torch.optim.lr_scheduler import (
    ConstantLR,
    CosineAnnealingLR,
    LinearLR,
    LRScheduler,
    OneCycleLR,
    SequentialLR,
    StepLR,
)

from radistill.config import ModelConfig


def make_optimizer(groups: list[dict[str, Any]], config: ModelConfig) -> Optimizer:
    """SGD with momentum or AdamW over parameter groups that carry their own `lr`."""
    if config.optimizer == "sgd":
        return SGD(groups, lr=config.learning_rate, momentum=config.momentum)
    return AdamW(groups, lr=config.learning_rate)


def make_schedule(optimizer: Optimizer, config: ModelConfig, steps: int) -> LRScheduler:
    """A schedule to be stepped after every batch; `steps` is the number of batches an epoch."""
    total = max(1, steps * config.epochs)
    if config.schedule == "onecycle":
        highest = [group["lr"] for group in optimizer.param_groups]
        return OneCycleLR(optimizer, highest, total_steps=total + 1)
    warmup = min(steps * config.warmup_epochs, total - 1)
    if config.schedule == "cosine":
        main: LRScheduler = CosineAnnealingLR(optimizer, T_max=max(1, total - warmup))
    elif config.schedule == "step":
        main = StepLR(optimizer, steps * config.step_size, gamma=config.step_gamma)
    else:
        main = ConstantLR(optimizer, factor=1.0)
    if not warmup:
        return main
    rise = LinearLR(optimizer, start_factor=0.01, total_iters=warmup)
    return SequentialLR(optimizer, [rise, main], milestones=[warmup])
