"""All that changes while a network is trained, written to disk after each epoch."""

from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from accelerate import Accelerator
from accelerate.optimizer import AcceleratedOptimizer
from torch import nn
from torch.amp import GradScaler
from torch.optim.lr_scheduler import LRScheduler

from radistill.config import Recipe
from radistill.models import GreyClassifier, trainable_groups
from radistill.training import checkpoint
from radistill.training.frozen import Tail
from radistill.training.history import Epoch
from radistill.training.learner import Learner
from radistill.training.moving_average import MovingAverage
from radistill.training.objective import Objective
from radistill.training.optimiser import make_optimizer, make_schedule
from radistill.training.step import Gradients

CHECKPOINT = "checkpoint.pt"


@dataclass
class TrainingState:
    """model: the bare network; learner: it with its projector, if any; network: the learner as
    accelerate wraps it, for training steps. gradients: of the objective, for one step.

    average: its moving average, batch-norm statistics included, if there is one. scaler: of the
    gradients in fp16, None otherwise. best_weights: of the epoch whose criterion is highest so far.
    """

    model: GreyClassifier
    learner: Learner
    network: nn.Module
    gradients: Gradients
    optimizer: AcceleratedOptimizer
    schedule: LRScheduler
    average: MovingAverage | None
    scaler: GradScaler | None
    best_weights: checkpoint.Tensors
    best: float = float("-inf")
    best_epoch: int = 0
    history: list[Epoch] = field(default_factory=list)

    @property
    def scored(self) -> nn.Module:
        """The network that is validated and kept: the average where there is one."""
        return self.model if self.average is None else self.average.module

    def add(self, row: Epoch) -> None:
        """Record a finished epoch, and its weights if it is the best one."""
        self.history.append(row)
        if row.criterion > self.best:
            self.best, self.best_epoch = row.criterion, row.epoch
            self.best_weights = checkpoint.copy_state(self.scored)

    def save(self, folder: Path, key: str) -> None:
        """Write the state after an epoch, atomically."""
        values = {
            "key": key,
            "states": [part.state_dict() for part in self._parts()],
            "best": (self.best, self.best_epoch, self.best_weights),
            "history": [asdict(row) for row in self.history],
        }
        checkpoint.save(folder / CHECKPOINT, values)

    def load(self, folder: Path, key: str) -> None:
        """Restore what `save` wrote under the same key, if there is such a file."""
        values = checkpoint.load(folder / CHECKPOINT, key)
        if values is None:
            return
        # The scaler, which is last, may be missing on either side: another precision, or no GPU.
        for part, state in zip(self._parts(), values["states"], strict=False):
            part.load_state_dict(state)
        self.best, self.best_epoch, self.best_weights = values["best"]
        self.history = [Epoch(**row) for row in values["history"]]

    @torch.no_grad()
    def share_statistics(self, accelerator: Accelerator) -> None:
        """Give every process the mean over all of the batch-norm statistics.

        Each process has seen its own part of every batch, and would score with its own.
        """
        if accelerator.num_processes == 1:
            return
        for network in (self.model, *([] if self.average is None else [self.average.module])):
            for buffer in network.buffers():
                if buffer.is_floating_point():
                    buffer.copy_(accelerator.reduce(buffer, "mean"))

    def _parts(self) -> list[nn.Module | AcceleratedOptimizer | LRScheduler | GradScaler]:
        further = [part for part in (self.average, self.scaler) if part is not None]
        return [self.learner, self.optimizer, self.schedule, *further]


def start_training(
    model: GreyClassifier,
    recipe: Recipe,
    steps: int,
    objective: Objective,
    accelerator: Accelerator,
) -> TrainingState:
    """Optimiser, schedule and average for `steps` batches an epoch, before the first step."""
    device, channels_last = accelerator.device, torch.channels_last  # faster, on a CPU too
    model.to(device, memory_format=channels_last)  # type: ignore[call-overload]
    groups = trainable_groups(
        model,
        frozen_stages=recipe.frozen_stages,
        learning_rate=recipe.learning_rate,
        layer_decay=recipe.layer_decay,
        weight_decay=recipe.weight_decay,
    )
    # Copied before accelerate wraps the network, or the copy would call the original.
    average = MovingAverage(model, recipe.ema) if recipe.ema else None
    trained = Tail(model, recipe.frozen_stages) if recipe.cached_views else model
    projector = objective.projector(model.embedding_size)
    learner = Learner(trained, projector, attention=objective.attention).to(device)
    if projector is not None:
        groups.append(
            {
                "params": list(projector.parameters()),
                "lr": recipe.learning_rate,
                "weight_decay": recipe.weight_decay,
            }
        )
    network, optimizer = accelerator.prepare(learner, make_optimizer(groups, recipe))
    schedule = make_schedule(optimizer.optimizer, recipe, steps)
    scaler = accelerator.scaler
    if scaler is not None:  # not as the network before this one left it
        scaler.load_state_dict(GradScaler(device.type).state_dict())
    return TrainingState(
        model=model,
        learner=learner,
        network=network,
        gradients=Gradients(network, objective, accelerator),
        optimizer=optimizer,
        schedule=schedule,
        average=average,
        scaler=scaler,
        best_weights=checkpoint.copy_state(model),
    )
