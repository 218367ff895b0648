"""The one training loop, read top to bottom.

The same code runs in one process, on several GPUs or on several machines (`accelerate launch`):
every process draws the same order of films and takes its part of each batch, so that a step
equals one process on the joined batch.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator

from radistill.config import AugmentConfig, ModelConfig
from radistill.errors import RadistillError
from radistill.models import GreyClassifier, set_training_mode
from radistill.progress import bar, console
from radistill.training.examples import Examples
from radistill.training.frozen import FrozenFeatures, frozen_features
from radistill.training.history import Epoch
from radistill.training.memory import keep_freed_memory
from radistill.training.objective import CrossEntropy, Objective, class_weights
from radistill.training.state import State, start
from radistill.training.validation import validate
from radistill.training.views import Views

FROZEN = "frozen"  # folder of the outputs of frozen stages


def train(
    model: GreyClassifier,
    config: ModelConfig,
    augmentation: AugmentConfig,
    films: Examples,
    val: Examples,
    *,
    positive: int,
    folder: Path,
    key: str,
    seed: int,
    accelerator: Accelerator,
    name: str,
    objective: Objective | None = None,
    views: int | None = None,
    smaller: Sequence[Examples] = (),
    tensorboard: bool = False,
) -> list[Epoch]:
    """Fine-tune `model` for `config.epochs` epochs; leave the best epoch's weights in it.

    positive: class index of the positive class. folder: where the state after each epoch is
    kept, under `key`; a later call with the same key goes on from there. objective: the loss;
    cross-entropy if not given. views: how many augmented views of a film there are, cycled by
    epoch; as many as epochs if not given. smaller: the same films at `config.progressive`
    sizes, for the earlier parts of the epochs. Returns a row for each epoch.

    Raises RadistillError if the loss is not finite, naming the step and the batch's films.
    """
    keep_freed_memory()
    objective = objective or CrossEntropy(config.label_smoothing)
    batch = _batch_size(config, len(films), accelerator.num_processes)
    steps = len(films) // batch  # the rest of a shuffled epoch has its turn in other epochs
    drawn = Views(config.cached_views or views or config.epochs, seed, augmentation, config.mixup)
    cached = None
    if config.cached_views:
        cached = frozen_features(model, config.frozen_stages, films, drawn, folder / FROZEN, key,
                                 accelerator)  # fmt: skip
    state = start(model, config, steps, objective, accelerator)
    state.load(folder, key)
    done = len(state.history)
    main = accelerator.is_main_process
    if done and main:
        console.print(f"{name}: going on after epoch {done} of {config.epochs}")

    with bar() as progress:
        task = progress.add_task(
            name, total=steps * config.epochs, completed=steps * done, visible=main
        )
        for epoch in range(done + 1, config.epochs + 1):
            if config.patience and epoch - 1 - state.best_epoch >= config.patience:
                break
            began, rate = time.perf_counter(), state.optimizer.param_groups[-1]["lr"]
            view = drawn.of_epoch(epoch)
            shown = (*smaller, films)[(epoch - 1) * (len(smaller) + 1) // config.epochs]

            def show(step: int, loss: float, epoch: int = epoch) -> None:
                text = f"{name} epoch {epoch}/{config.epochs} loss {loss:.3f}"
                progress.update(task, advance=1, description=text)

            loss = train_one_epoch(
                state, config, shown, objective, drawn, epoch=epoch, batch=batch,
                accelerator=accelerator, name=name, show=show,
                features=cached[view] if cached else None,
            )  # fmt: skip
            state.scored.eval()
            figures = validate(state.scored, val, positive, config.criterion, accelerator)
            seconds = time.perf_counter() - began
            row = Epoch(epoch, "finetune", rate, loss, figures.loss, figures.auc,
                        figures.accuracy, figures.criterion, seconds)  # fmt: skip
            if config.criterion == "last":
                row = replace(row, criterion=float(epoch))
            state.add(row)
            if main:
                console.print(
                    f"{name} epoch {epoch}/{config.epochs}: loss {loss:.3f}, validation AUC "
                    f"{figures.auc:.4f}, loss {figures.loss:.3f}, {seconds:.0f} s"
                )
                state.save(folder, key)
                if tensorboard:
                    _tensorboard(folder / "tensorboard", row)
            accelerator.wait_for_everyone()

    model.load_state_dict(state.best_weights)
    accelerator.free_memory()
    model.eval()
    return state.history


def train_one_epoch(
    state: State,
    config: ModelConfig,
    films: Examples,
    objective: Objective,
    views: Views,
    *,
    epoch: int,
    batch: int,
    accelerator: Accelerator,
    name: str = "model",
    show: Callable[[int, float], None] = lambda step, loss: None,
    features: FrozenFeatures | None = None,
) -> float:
    """Every film once, but for the last incomplete batch; returns the mean loss.

    batch: over all processes. What is drawn depends on seed and epoch alone, so that a resumed
    run repeats it. show: called after each step with the mean loss so far. features: what the
    frozen stages made of this epoch's view, instead of images.
    """
    rank, processes, device = (
        accelerator.process_index,
        accelerator.num_processes,
        accelerator.device,
    )
    weights = class_weights(films.targets, state.model.classes) if config.class_weights else None
    layout = torch.channels_last if config.channels_last else torch.contiguous_format
    set_training_mode(state.model, frozen_stages=config.frozen_stages, batch_norm=config.batch_norm)
    view, seed = views.of_epoch(epoch), views.seed
    order = np.random.default_rng([seed, epoch]).permutation(len(films))
    torch.manual_seed(seed * 100_003 + epoch * 101 + rank)  # dropout
    steps, total = len(films) // batch, 0.0
    for step in range(steps):
        rows = order[step * batch : (step + 1) * batch][rank::processes]
        shas = [films.shas[row] for row in rows]
        images = features.batch(rows) if features else views.images(films, rows, view)
        targets = views.targets(films, rows, view).to(device)
        with accelerator.autocast():
            seen = state.network(images.to(device, memory_format=layout))
        losses = objective(seen, targets, shas, view)
        if weights is not None:
            losses = losses * (targets @ weights.to(device))
        loss = losses.mean()
        if not torch.isfinite(loss):
            raise RadistillError(_not_finite(name, epoch, step, films, rows))
        state.optimizer.zero_grad()
        accelerator.backward(loss)
        if config.clip_norm:
            accelerator.clip_grad_norm_(state.network.parameters(), config.clip_norm)
        state.optimizer.step()
        state.schedule.step()
        if state.average is not None:
            state.average.update_parameters(state.model)
        total += loss.item()
        show(step, total / (step + 1))
    return total / steps


def _batch_size(config: ModelConfig, films: int, processes: int) -> int:
    """Films a step over all processes: a multiple of their number."""
    batch = min(config.batch_size, films) // processes * processes
    if not batch:
        raise RadistillError(f"{films} films to train on are too few for {processes} processes")
    return batch


def _not_finite(name: str, epoch: int, step: int, films: Examples, rows: np.ndarray) -> str:
    names = films.paths or films.shas
    return (
        f"{name}: the loss is not a finite number at epoch {epoch}, step {step + 1}. "
        "The last finished epoch is kept. Try a smaller learning rate or clip_norm=1. "
        f"Films of the batch: {', '.join(names[row] for row in rows)}"
    )


def _tensorboard(folder: Path, row: Epoch) -> None:
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(str(folder)) as writer:
        for field in ("learning_rate", "train_loss", "val_loss", "val_auc", "val_accuracy"):
            writer.add_scalar(field, getattr(row, field), row.epoch)
