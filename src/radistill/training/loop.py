"""The one training loop, read top to bottom.

The same code runs in one process, on several GPUs or on several machines (`accelerate launch`):
every process draws the same order of films and takes its part of each batch, so that a step
equals one process on the joined batch.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, replace

import numpy as np
import torch

from radistill.config import AugmentConfig, Recipe
from radistill.errors import RadistillError
from radistill.models import GreyClassifier, set_training_mode
from radistill.progress import bar, console
from radistill.training.examples import Examples
from radistill.training.frozen import frozen_features
from radistill.training.history import Epoch
from radistill.training.memory import keep_freed_memory
from radistill.training.objective import CrossEntropy, Objective
from radistill.training.state import TrainingState, start_training
from radistill.training.task import TrainingTask
from radistill.training.validation import validate
from radistill.training.views import Views


def train(
    model: GreyClassifier,
    recipe: Recipe,
    task: TrainingTask,
    augmentation: AugmentConfig,
    *,
    objective: Objective | None = None,
    views: int | None = None,
) -> list[Epoch]:
    """Fine-tune `model` for `recipe.epochs` epochs; leave the best epoch's weights in it.

    objective: the loss; cross-entropy if not given. views: how many augmented views of a film
    there are, cycled by epoch; as many as epochs if not given. Returns a row for each epoch.

    Raises RadistillError if the loss is not finite, naming the step and the batch's films.
    """
    keep_freed_memory()
    name, accelerator, epochs = task.name, task.accelerator, recipe.epochs
    objective = objective or CrossEntropy(recipe.label_smoothing)
    steps = len(task.train) // task.batch_size(recipe.batch_size)
    drawn = Views(recipe.cached_views or views or epochs, task.seed, augmentation)
    cached = None
    if recipe.cached_views:
        cached = frozen_features(model, recipe.frozen_stages, task, drawn)
    state = start_training(model, recipe, steps, objective, accelerator)
    state.load(task.folder, task.key)
    done = len(state.history)
    main = accelerator.is_main_process
    if done and main:
        console.print(f"{name}: resumed after epoch {done} of {epochs}")

    with bar() as progress:
        shown = progress.add_task(name, total=steps * epochs, completed=steps * done, visible=main)
        for epoch in range(done + 1, epochs + 1):
            if recipe.patience and epoch - 1 - state.best_epoch >= recipe.patience:
                break
            began, rate = time.perf_counter(), state.optimizer.param_groups[-1]["lr"]
            features = cached[drawn.of_epoch(epoch)] if cached else None

            def show(loss: float, epoch: int = epoch) -> None:
                text = f"{name} epoch {epoch}/{epochs} loss {loss:.3f}"
                progress.update(shown, advance=1, description=text)

            loss = train_one_epoch(
                state, recipe, task, objective, drawn, epoch=epoch, features=features, show=show
            )
            state.scored.eval()
            figures = validate(state.scored, task.val, task.positive, recipe.criterion, accelerator)
            if recipe.criterion == "last":
                figures = replace(figures, criterion=float(epoch))
            seconds = time.perf_counter() - began
            state.add(Epoch(epoch, "finetune", rate, loss, **asdict(figures), seconds=seconds))
            if main:
                console.print(
                    f"{name} epoch {epoch}/{epochs}: loss {loss:.3f}, validation AUC "
                    f"{figures.val_auc:.4f}, loss {figures.val_loss:.3f}, {seconds:.0f} s"
                )
                state.save(task.folder, task.key)
            accelerator.wait_for_everyone()

    model.load_state_dict(state.best_weights)
    accelerator.free_memory()
    model.eval()
    return state.history


def train_one_epoch(
    state: TrainingState,
    recipe: Recipe,
    task: TrainingTask,
    objective: Objective,
    views: Views,
    *,
    epoch: int,
    features: np.ndarray | None = None,
    show: Callable[[float], None] = lambda loss: None,
) -> float:
    """Every film once, but for the last incomplete batch; returns the mean loss.

    What is drawn depends on seed and epoch alone, so that a resumed run repeats it. features: the
    output of the frozen stages for this epoch's view, instead of images. show: called after each
    step with the mean loss so far.
    """
    films, accelerator, device = task.train, task.accelerator, task.accelerator.device
    rank, processes = accelerator.process_index, accelerator.num_processes
    set_training_mode(state.model, frozen_stages=recipe.frozen_stages, batch_norm=recipe.batch_norm)
    view = views.of_epoch(epoch)
    order = np.random.default_rng([task.seed, epoch]).permutation(len(films))
    torch.manual_seed(task.seed * 100_003 + epoch * 101 + rank)  # dropout
    batch = task.batch_size(recipe.batch_size)
    steps, total = len(films) // batch, 0.0  # the films left over have their turn in other epochs
    for step in range(steps):
        rows = order[step * batch : (step + 1) * batch][rank::processes]
        shas = [films.shas[row] for row in rows]
        if features is None:
            images = views.images(films, rows, view)
        else:
            images = torch.from_numpy(features[rows].astype(np.float32))
        targets = views.targets(films, rows, view).to(device)
        with accelerator.autocast():
            outputs = state.network(images.to(device, memory_format=torch.channels_last))
        loss = objective(outputs, targets, shas, view).mean()
        if not torch.isfinite(loss):
            raise RadistillError(_not_finite(task.name, epoch, step, films, rows))
        state.optimizer.zero_grad()
        accelerator.backward(loss)
        if recipe.clip_norm:
            accelerator.clip_grad_norm_(state.network.parameters(), recipe.clip_norm)
        state.optimizer.step()
        state.schedule.step()
        if state.average is not None:
            state.average.update_parameters(state.model)
        total += loss.item()
        show(total / (step + 1))
    state.share_statistics(accelerator)
    return total / steps


def _not_finite(name: str, epoch: int, step: int, films: Examples, rows: np.ndarray) -> str:
    names = films.paths or films.shas
    return (
        f"{name}: the loss is not a finite number at epoch {epoch}, step {step + 1}. "
        "The last finished epoch is kept. Try a smaller learning rate or clip_norm=1. "
        f"Films of the batch: {', '.join(names[row] for row in rows)}"
    )
