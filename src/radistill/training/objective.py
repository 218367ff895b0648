"""What a step minimises, one value an image, for training with and without a teacher."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import torch
from torch.nn import functional as F


class Objective(Protocol):
    """Loss of each image of a batch."""

    def __call__(
        self, logits: torch.Tensor, targets: torch.Tensor, shas: Sequence[str], view: int
    ) -> torch.Tensor:
        """logits (N, C), targets int64 (N,), content hashes, view number -> (N,)."""
        ...


class CrossEntropy:
    """Cross-entropy against the labels, with label smoothing."""

    def __init__(self, label_smoothing: float = 0.0) -> None:
        self.label_smoothing = label_smoothing

    def __call__(
        self, logits: torch.Tensor, targets: torch.Tensor, shas: Sequence[str], view: int
    ) -> torch.Tensor:
        return F.cross_entropy(
            logits, targets, reduction="none", label_smoothing=self.label_smoothing
        )


def class_weights(targets: np.ndarray, classes: int) -> torch.Tensor:
    """Weights (C,) inverse to the class counts, scaled so that the mean over images is 1.

    With that scale a batch's loss is a plain mean of weighted losses, the same whether one
    process sees the batch or several share it.
    """
    counts = np.bincount(targets, minlength=classes)
    weights = len(targets) / (np.count_nonzero(counts) * np.maximum(counts, 1))
    return torch.from_numpy(weights).float()


def mixed(
    objective: Objective,
    logits: torch.Tensor,
    targets: torch.Tensor,
    shas: Sequence[str],
    view: int,
    partner: torch.Tensor,
    share: float,
) -> torch.Tensor:
    """Loss of images that were mixed with those at `partner` (mixup, Zhang et al. 2018)."""
    own = objective(logits, targets, shas, view)
    other_shas = [shas[i] for i in partner.tolist()]
    other = objective(logits, targets[partner], other_shas, view)
    return share * own + (1 - share) * other
