"""The head alone, on features computed once: a fixed feature extractor, trained in seconds."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from torch.nn import functional as F
from torch.optim import AdamW

from radistill.config import ModelConfig
from radistill.models import GreyClassifier
from radistill.training import checkpoint
from radistill.training.examples import Examples
from radistill.training.history import Epoch
from radistill.training.objective import class_weights
from radistill.training.outputs import outputs, plain
from radistill.training.validation import validation


def train_head(
    model: GreyClassifier,
    config: ModelConfig,
    train: Examples,
    val: Examples,
    *,
    positive: int,
    folder: Path,
    key: str,
    seed: int,
    accelerator: Accelerator,
) -> list[Epoch]:
    """Fit `model.head` for `config.head_epochs` epochs and leave the best one in `model`.

    The features, of the unchanged images, are kept in `folder` under `key`. They are centred and
    scaled inside the optimisation, and the head is folded back to the original ones. The scale
    is one for all features: dividing each by its own would blow up the weights of those that
    hardly vary, and a backbone that is fine-tuned next moves them.
    """
    features = _features(model, train, val, folder / "features.pt", key, accelerator)
    x, x_val = features["train"], features["val"]
    y = torch.from_numpy(train.targets)
    mean = x.mean(dim=0)
    scale = (x - mean).square().mean().sqrt().clamp_min(1e-6)
    x, x_val = (x - mean) / scale, (x_val - mean) / scale
    weights = class_weights(train.targets, model.classes) if config.class_weights else None

    torch.manual_seed(seed)
    head = torch.nn.Linear(x.shape[1], model.classes)
    torch.nn.init.zeros_(head.weight)
    torch.nn.init.zeros_(head.bias)
    optimizer = AdamW(
        head.parameters(), lr=config.head_learning_rate, weight_decay=config.weight_decay
    )
    history: list[Epoch] = []
    best, best_state = -np.inf, checkpoint.copy_state(head)
    for epoch in range(1, config.head_epochs + 1):
        start, total = time.perf_counter(), 0.0
        for rows in torch.randperm(len(y)).split(config.batch_size):
            inputs = F.dropout(x[rows], config.dropout)
            losses = F.cross_entropy(
                head(inputs), y[rows], reduction="none", label_smoothing=config.label_smoothing
            )
            loss = (losses * weights[y[rows]] if weights is not None else losses).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        with torch.no_grad():
            figures = validation(head(x_val), val, positive)
        score = -figures.loss if config.criterion == "log_loss" else figures.auc
        if score > best:
            best, best_state = score, checkpoint.copy_state(head)
        seconds = time.perf_counter() - start
        history.append(
            Epoch(epoch, "head", config.head_learning_rate, total / len(y), figures.loss,
                  figures.auc, figures.accuracy, score, seconds)
        )  # fmt: skip
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


def _features(
    model: GreyClassifier,
    train: Examples,
    val: Examples,
    path: Path,
    key: str,
    accelerator: Accelerator,
) -> dict[str, torch.Tensor]:
    """Embeddings of both splits, from `path` where they were computed before."""
    state = checkpoint.load(path, key)
    if state is not None:
        return {"train": state["train"], "val": state["val"]}
    model.eval().to(accelerator.device)
    found = {
        name: outputs(model.embedding, len(films), plain(films), accelerator,
                      description=f"features of {name} films")
        for name, films in (("train", train), ("val", val))
    }  # fmt: skip
    if accelerator.is_main_process:
        checkpoint.save(path, {"key": key, **found})
    accelerator.wait_for_everyone()
    # Out of inference mode, so that gradients can pass beside them.
    return {name: tensor.clone() for name, tensor in found.items()}
