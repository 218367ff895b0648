"""Optimisers and learning-rate schedules, by the names used in the configuration."""

from torch.optim import SGD, AdamW, Optimizer
from torch.optim.lr_scheduler import (
    ConstantLR,
    CosineAnnealingLR,
    LinearLR,
    LRScheduler,
    OneCycleLR,
    SequentialLR,
)
from torch.optim.optimizer import ParamsT

from radistill.config import Recipe


def make_optimizer(groups: ParamsT, recipe: Recipe) -> Optimizer:
    """SGD with momentum or AdamW over parameter groups that carry their own `lr`.

    Fused: all weights in one pass, on a CPU too.
    """
    if recipe.optimizer == "sgd":
        return SGD(groups, lr=recipe.learning_rate, momentum=0.9, fused=True)
    return AdamW(groups, lr=recipe.learning_rate, fused=True)


# The first steps of Adam move every weight by the whole learning rate, whatever its gradient: a
# network whose head fits already is thrown out of its optimum (Kumar et al. 2022, Ma and Yarats
# 2021). So the rate rises first where a head was fitted before.
STEPS_AFTER_HEAD = 100


def make_schedule(optimizer: Optimizer, recipe: Recipe, steps: int) -> LRScheduler:
    """A schedule to be stepped after every batch; `steps` is the number of batches an epoch.

    After a head was fitted the rate rises for 100 steps at least, or for half of a shorter
    training; onecycle rises for three tenths of it in any case.
    """
    total = max(1, steps * recipe.epochs)
    if recipe.schedule == "onecycle":
        highest = [group["lr"] for group in optimizer.param_groups]
        return OneCycleLR(optimizer, highest, total_steps=total + 1)
    warmup = steps * recipe.warmup_epochs
    if recipe.head_epochs:
        warmup = max(warmup, min(STEPS_AFTER_HEAD, total // 2))
    warmup = min(warmup, total - 1)
    if recipe.schedule == "cosine":
        main: LRScheduler = CosineAnnealingLR(optimizer, T_max=max(1, total - warmup))
    else:
        main = ConstantLR(optimizer, factor=1.0)
    if not warmup:
        return main
    rise = LinearLR(optimizer, start_factor=0.01, total_iters=warmup)
    return SequentialLR(optimizer, [rise, main], milestones=[warmup])
