"""Figures on validation films, and the criterion that selects the epoch; higher is better."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from accelerate import Accelerator
from sklearn.metrics import roc_auc_score
from torch import nn
from torch.nn import functional as F

from radistill.errors import RadistillError
from radistill.models.reported import class_probabilities
from radistill.training.examples import Examples
from radistill.training.outputs import images_at_once, outputs, plain
from radistill.training.tensor_corruptions import VALIDATION, corrupt

Criterion = Literal["auc", "log_loss", "worst_auc", "last"]


class NotFiniteError(RadistillError):
    """Outputs for validation films are NaN or infinite."""


@dataclass(frozen=True)
class ValidationFigures:
    """Figures of one epoch, named as in history.csv. `criterion` selects the epoch."""

    val_loss: float
    val_auc: float
    val_accuracy: float
    criterion: float


def auc(logits: torch.Tensor, classes: np.ndarray, class_of: Sequence[int], positive: int) -> float:
    """AUC-ROC of the positive class against the rest; 0.5 where only one of them occurs.

    Raises NotFiniteError.
    """
    if not logits.isfinite().all():
        raise NotFiniteError(
            "the network's outputs for validation films are not finite numbers: try other weights, "
            "or mixed_precision=no"
        )
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
    kinds = VALIDATION if criterion == "worst_auc" else ()

    def every_kind(images: torch.Tensor) -> torch.Tensor:
        """Logits (N, (1 + kinds) * outputs) of the images as they are, then corrupted."""
        corrupted = [corrupt(images, kind, kind.severities[1]) for kind in kinds]
        logits: torch.Tensor = model(torch.cat([images, *corrupted]))
        return torch.cat(logits.chunk(1 + len(kinds)), dim=1)

    joined = outputs(
        every_kind,
        len(val),
        plain(val, accelerator.device),
        accelerator,
        batch_size=images_at_once(accelerator) // (1 + len(kinds)),
    )
    plainly, *corrupted = joined.chunk(1 + len(kinds), dim=1)
    figures = validation_figures(plainly, val, positive, criterion)
    scores = [auc(logits, val.classes, val.class_of, positive) for logits in corrupted]
    return replace(figures, criterion=min([figures.criterion, *scores]))
