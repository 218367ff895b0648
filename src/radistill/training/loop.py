"""The one training loop, read top to bottom.

The same code runs in one process, on several GPUs or on several machines (`accelerate launch`):
every process draws the same order of films and takes its part of each batch, so that a step
equals one process on the joined batch.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from functools import partial

import numpy as np
import torch
from accelerate.utils.memory import should_reduce_batch_size
from torch import Tensor

from radistill.config import Recipe
from radistill.errors import RadistillError
from radistill.models import GreyClassifier, set_training_mode
from radistill.progress import bar, console
from radistill.training.blocks import blocks
from radistill.training.frozen import frozen_features
from radistill.training.history import Epoch
from radistill.training.memory import keep_freed_memory
from radistill.training.objective import CrossEntropy, Objective
from radistill.training.state import TrainingState, start_training
from radistill.training.task import TrainingTask
from radistill.training.validation import NotFiniteError, validate
from radistill.training.views import Views

SAVING = 0.1  # share of the time that may go into saving the state


def train(
    model: GreyClassifier,
    recipe: Recipe,
    task: TrainingTask,
    views: Views,
    *,
    objective: Objective | None = None,
) -> list[Epoch]:
    """Fine-tune `model` for `recipe.epochs` epochs; leave the best epoch's weights in it.

    views: what is seen of the films, cycled by pass over them. objective: the loss; cross-entropy
    if not given. Returns a row for each epoch.

    Raises RadistillError if the loss or what is validated is not finite, naming the step and the
    batch's films, and if the memory does not hold a batch.
    """
    keep_freed_memory()
    name, accelerator, epochs = task.name, task.accelerator, recipe.epochs
    objective = objective or CrossEntropy(recipe.label_smoothing)
    objective.start(task.train, accelerator.device)
    steps = task.steps_an_epoch(recipe.batch_size)
    cached = None
    if recipe.cached_views:
        cached = frozen_features(model, recipe.frozen_stages, task, views)
    state = start_training(model, recipe, steps, objective, accelerator)
    state.load(task.folder, task.key)
    done = len(state.history)
    main = accelerator.is_main_process
    if done and main:
        console.print(f"{name}: resumed after epoch {done} of {epochs}")

    spent = {"training": 0.0, "saving": 0.0}
    with bar() as progress:
        shown = progress.add_task(name, total=steps * epochs, completed=steps * done, visible=main)
        for epoch in range(done + 1, epochs + 1):
            if recipe.patience and epoch - 1 - state.best_epoch >= recipe.patience:
                break
            began, rate = time.perf_counter(), state.optimizer.param_groups[-1]["lr"]

            def show(taken: int, loss: float, epoch: int = epoch) -> None:
                text = f"{name} epoch {epoch}/{epochs} loss {loss:.3f}"
                progress.update(shown, completed=steps * (epoch - 1) + taken, description=text)

            try:
                loss = train_one_epoch(
                    state, recipe, task, views, epoch=epoch, cached=cached, show=show
                )
            except RuntimeError as error:
                if should_reduce_batch_size(error):
                    raise RadistillError(_too_large(recipe, task)) from None
                raise
            state.scored.eval()
            try:
                figures = validate(
                    state.scored, task.val, task.positive, recipe.criterion, accelerator
                )
            except NotFiniteError:  # no loss follows the last step, which may spoil the weights
                what = "the output for validation films"
                raise RadistillError(_not_finite(what, task, recipe, epoch, steps - 1)) from None
            if recipe.criterion == "last":
                figures = replace(figures, criterion=float(epoch))
            seconds = time.perf_counter() - began
            state.add(Epoch(epoch, "finetune", rate, loss, **asdict(figures), seconds=seconds))
            if main:
                console.print(
                    f"{name} epoch {epoch}/{epochs}: loss {loss:.3f}, validation AUC "
                    f"{figures.val_auc:.4f}, loss {figures.val_loss:.3f}, {seconds:.0f} s"
                )
                # The state of a large network takes longer to write than a GPU takes to train it.
                spent["training"] += seconds
                if spent["saving"] <= SAVING * spent["training"]:
                    began = time.perf_counter()
                    state.save(task.folder, task.key)
                    spent["saving"] += time.perf_counter() - began
            accelerator.wait_for_everyone()

    model.load_state_dict(state.best_weights)
    accelerator.free_memory()
    model.eval()
    return state.history


def train_one_epoch(
    state: TrainingState,
    recipe: Recipe,
    task: TrainingTask,
    views: Views,
    *,
    epoch: int,
    cached: Sequence[np.ndarray] | None = None,
    show: Callable[[int, float], None] = lambda taken, loss: None,
) -> float:
    """As many steps as `task` has an epoch, in passes over its films; returns the mean loss.

    A pass takes every film once, but for the last incomplete batch. What is drawn depends on seed
    and pass alone, so that a resumed run repeats it. cached: by view the output of the frozen
    stages, instead of images. show: called after each
    block of steps with their number and the mean loss so far. Only there does a GPU wait.
    """
    films, accelerator, device = task.train, task.accelerator, task.accelerator.device
    rank, processes = accelerator.process_index, accelerator.num_processes
    set_training_mode(state.model, frozen_stages=recipe.frozen_stages, batch_norm=recipe.batch_norm)
    torch.manual_seed(task.seed * 100_003 + epoch * 101 + rank)  # dropout
    batch = task.batch_size(recipe.batch_size)
    steps = task.steps_an_epoch(recipe.batch_size)

    def inputs(rows: np.ndarray, view: int) -> tuple[Tensor, Tensor, Tensor]:
        if cached is None:
            images = views.squares(films, rows, view, device)
        else:
            images = torch.from_numpy(cached[view][rows]).to(device, non_blocking=True)
        targets = views.targets(films, rows, view).to(device, non_blocking=True)
        seen = torch.from_numpy(view * len(films) + rows).to(device, non_blocking=True)
        return images, targets, seen

    losses = torch.zeros(steps, device=device)  # read once a block, for a GPU has to wait for that
    taken, share = 0, batch // processes
    size = films.pixels.size**2 if cached is None else cached[0][0].nbytes
    with state.gradients.here():
        for number, order in _passes(task, recipe, epoch):
            shown = partial(inputs, view=views.of_pass(number))
            for _, block in blocks(shown, order[rank::processes], device, size, share):
                for some in zip(*(part.split(share) for part in block), strict=True):
                    losses[taken] = state.gradients(*some)
                    if recipe.clip_norm:
                        accelerator.clip_grad_norm_(state.network.parameters(), recipe.clip_norm)
                    state.optimizer.step()
                    state.schedule.step()
                    if state.average is not None:
                        state.average.update()
                    taken += 1
                finite = losses[:taken].cpu().isfinite()
                if not finite.all():
                    first = finite.tolist().index(False)
                    raise RadistillError(_not_finite("the loss", task, recipe, epoch, first))
                show(taken, float(losses[:taken].mean()))
    state.share_statistics(accelerator)
    return float(losses.mean())


def _passes(task: TrainingTask, recipe: Recipe, epoch: int) -> Iterator[tuple[int, np.ndarray]]:
    """Each pass of an epoch by its number from the start, 1, 2, ..., with the order of its films.

    Without those that are left over, which have their turn in other passes.
    """
    batch, left = task.batch_size(recipe.batch_size), task.steps_an_epoch(recipe.batch_size)
    whole, passes = len(task.train) // batch, task.passes_an_epoch(recipe.batch_size)
    for number in range((epoch - 1) * passes + 1, epoch * passes + 1):
        order = np.random.default_rng([task.seed, number]).permutation(len(task.train))
        yield number, order[: min(whole, left) * batch]
        left -= whole


def _not_finite(what: str, task: TrainingTask, recipe: Recipe, epoch: int, step: int) -> str:
    names, batch = task.train.paths or task.train.shas, task.batch_size(recipe.batch_size)
    order = np.concatenate([rows for _, rows in _passes(task, recipe, epoch)])
    rows = order[step * batch : (step + 1) * batch]
    return (
        f"{task.name}: {what} is not a finite number at epoch {epoch}, step {step + 1}. "
        "The epochs that were saved are kept. Try a smaller learning rate or clip_norm=1. "
        f"Films of the batch: {', '.join(names[row] for row in rows)}"
    )


def _too_large(recipe: Recipe, task: TrainingTask) -> str:
    device = task.accelerator.device
    return (
        f"{task.name}: the memory of {device} does not hold a batch of {recipe.batch_size} films "
        f"at {recipe.input_size} pixels. Batch norm sees the whole batch, so it is not cut for "
        "you: set a smaller batch_size (and learning_rate in proportion) or input_size, or "
        "mixed_precision=bf16, or free the card. The epochs that were saved are kept."
    )
