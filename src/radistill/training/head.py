"""The head alone, on features computed once: a fixed feature extractor, trained in seconds."""

import time
from dataclasses import asdict

import numpy as np
import torch
from torch.nn import functional as F
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim import AdamW

from radistill.config import Recipe
from radistill.models import GreyClassifier, set_training_mode
from radistill.training import checkpoint
from radistill.training.history import Epoch
from radistill.training.outputs import outputs, plain
from radistill.training.task import TrainingTask
from radistill.training.validation import validation_figures

FEATURES = "features.pt"
LEARNING_RATE = 1e-3


def train_head(model: GreyClassifier, recipe: Recipe, task: TrainingTask) -> list[Epoch]:
    """Fit `model.head` for `recipe.head_epochs` epochs and leave the best one in `model`.

    The best epoch has the highest validation AUC, or the lowest loss where the criterion is
    log_loss or several have that AUC. The features, of the images without augmentation, are kept
    on disk. They are centred and scaled inside the optimisation, and the head is folded back to the
    original ones. The scale is one for all features: dividing each by its own would blow up the
    weights of those that hardly vary, and a backbone that is fine-tuned next moves them. Where
    fine-tuning will normalise by the statistics of its batches, so do these features, or the head
    would fit others.
    """
    x, x_val = _features(model, recipe, task)
    y = torch.from_numpy(task.train.targets)
    mean = x.mean(dim=0)
    scale = (x - mean).square().mean().sqrt().clamp_min(1e-6)
    x, x_val = (x - mean) / scale, (x_val - mean) / scale

    torch.manual_seed(task.seed)
    head = torch.nn.Linear(x.shape[1], model.classes)
    torch.nn.init.zeros_(head.weight)
    torch.nn.init.zeros_(head.bias)
    optimizer = AdamW(head.parameters(), lr=LEARNING_RATE, weight_decay=recipe.weight_decay)
    history: list[Epoch] = []
    best, best_state = (-np.inf, -np.inf), checkpoint.copy_state(head)
    for epoch in range(1, recipe.head_epochs + 1):
        began, total = time.perf_counter(), 0.0
        for rows in torch.randperm(len(y)).split(recipe.batch_size):
            inputs = F.dropout(x[rows], recipe.dropout)
            losses = F.cross_entropy(
                head(inputs), y[rows], reduction="none", label_smoothing=recipe.label_smoothing
            )
            loss = losses.mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        with torch.no_grad():
            figures = validation_figures(head(x_val), task.val, task.positive, recipe.criterion)
        if (figures.criterion, -figures.val_loss) > best:
            best = figures.criterion, -figures.val_loss
            best_state = checkpoint.copy_state(head)
        seconds, rate, train_loss = time.perf_counter() - began, LEARNING_RATE, total / len(y)
        history.append(Epoch(epoch, "head", rate, train_loss, **asdict(figures), seconds=seconds))
    head.load_state_dict(best_state)
    _install(model, head, mean, scale)
    return history


@torch.no_grad()
def _install(
    model: GreyClassifier, head: torch.nn.Linear, mean: torch.Tensor, scale: torch.Tensor
) -> None:
    """Put a head for centred and scaled features into `model`, whose features are neither."""
    linear = model.head[-1]
    assert isinstance(linear, torch.nn.Linear)
    weight = head.weight / scale
    linear.weight.copy_(weight)
    linear.bias.copy_(head.bias - weight @ mean)


def _features(model: GreyClassifier, recipe: Recipe, task: TrainingTask) -> list[torch.Tensor]:
    """Embeddings (N, D) of the training and the validation films, from disk if they are there."""
    path, accelerator = task.folder / FEATURES, task.accelerator
    state = checkpoint.load(path, task.key)
    if state is None:
        model.to(accelerator.device)
        if recipe.epochs and recipe.batch_norm == "train":
            _adopt_statistics(model, recipe, task)
        model.eval()
        state = {"key": task.key, "buffers": dict(model.named_buffers())}
        for name, films in (("train", task.train), ("val", task.val)):
            title = f"features of {name} films"
            state[name] = outputs(
                model.embedding,
                len(films),
                plain(films, accelerator.device),
                accelerator,
                description=title,
            )
        if accelerator.is_main_process:
            checkpoint.save(path, state)
        accelerator.wait_for_everyone()
    model.load_state_dict(state.get("buffers", {}), strict=False)
    # Cloned out of inference mode, so that gradients can pass beside them.
    return [state["train"].clone(), state["val"].clone()]


@torch.no_grad()
def _adopt_statistics(model: GreyClassifier, recipe: Recipe, task: TrainingTask) -> None:
    """Batch-norm statistics of the training films, the mean over batches as of fine-tuning.

    Stages that stay frozen keep theirs (Li et al. 2017, "Revisiting Batch Normalization For
    Practical Domain Adaptation").
    """
    set_training_mode(model, frozen_stages=recipe.frozen_stages, batch_norm="train")
    layers = [m for m in model.modules() if isinstance(m, _BatchNorm) and m.training]
    if not layers:
        return
    momenta = [layer.momentum for layer in layers]
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # the plain mean
    order = np.random.default_rng(task.seed).permutation(len(task.train))
    batch, images = task.batch_size(recipe.batch_size), plain(task.train)
    for start in range(0, len(order) - batch + 1, batch):
        rows = order[start : start + batch]
        model.embedding(images(rows).to(task.accelerator.device))
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum
