"""Figures on validation films, and the criterion that selects the epoch; higher is better."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np
import torch
from accelerate import Accelerator
from sklearn.metrics import roc_auc_score
from torch import nn
from torch.nn import functional as F

from radistill.imaging.corruptions import Corruption
from radistill.models.reported import class_probabilities
from radistill.training.examples import Examples
from radistill.training.outputs import outputs, plain
from radistill.training.tensor_corruptions import VALIDATION, corrupt

Criterion = Literal["auc", "log_loss", "worst_auc", "last"]


@dataclass(frozen=True)
class ValidationFigures:
    """Figures of one epoch, named as in history.csv. `criterion` selects the epoch."""

    val_loss: float
    val_auc: float
    val_accuracy: float
    criterion: float


def auc(logits: torch.Tensor, classes: np.ndarray, class_of: Sequence[int], positive: int) -> float:
    """AUC-ROC of the positive class against the rest; 0.5 where only one of them occurs."""
    truth = classes == positive
    if truth.all() or not truth.any():
        return 0.5
    return float(roc_auc_score(truth, class_probabilities(logits, class_of)[:, positive].numpy()))


def validation_figures(
    logits: torch.Tensor, val: Examples, positive: int, criterion: Criterion
) -> ValidationFigures:
    """Figures from logits (N, outputs) of validation films.

    The loss is of the network's outputs, AUC and accuracy are of the reported classes. The
    criterion is the AUC, or with log_loss the negative loss.
    """
    loss = float(F.cross_entropy(logits, torch.from_numpy(val.targets)))
    decided = class_probabilities(logits, val.class_of).argmax(dim=1).numpy()
    score = auc(logits, val.classes, val.class_of, positive)
    accuracy = float((decided == val.classes).mean())
    return ValidationFigures(loss, score, accuracy, -loss if criterion == "log_loss" else score)


def validate(
    model: nn.Module,
    val: Examples,
    positive: int,
    criterion: Criterion,
    accelerator: Accelerator,
) -> ValidationFigures:
    """Score `model`, in eval mode, on the validation films."""
    draw = plain(val)
    logits = outputs(model, len(val), draw, accelerator)
    figures = validation_figures(logits, val, positive, criterion)
    if criterion != "worst_auc":
        return figures
    worst = figures.val_auc
    for kind in VALIDATION:
        corrupted = partial(_corrupted, draw, kind)
        logits = outputs(model, len(val), corrupted, accelerator)
        worst = min(worst, auc(logits, val.classes, val.class_of, positive))
    return replace(figures, criterion=worst)


def _corrupted(
    draw: Callable[[np.ndarray], torch.Tensor], kind: Corruption, rows: np.ndarray
) -> torch.Tensor:
    return corrupt(draw(rows), kind, kind.severities[len(kind.severities) // 2])
