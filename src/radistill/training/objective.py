"""What a step minimises, one value an image, for training with and without a teacher."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from radistill.training.learner import Seen


class Objective(Protocol):
    """Loss of each image of a batch."""

    attention: bool  # whether `Seen.attention` is needed

    def projector(self, embedding_size: int) -> nn.Module | None:
        """A layer from the student's embedding to the teacher's, or None if none is needed."""
        ...

    def __call__(self, seen: Seen, targets: Tensor, shas: Sequence[str], view: int) -> Tensor:
        """targets: float32 (N, outputs), content hashes, view number -> (N,)."""
        ...


class CrossEntropy:
    """Cross-entropy against the labels, with label smoothing."""

    attention = False

    def __init__(self, label_smoothing: float = 0.0) -> None:
        self.label_smoothing = label_smoothing

    def projector(self, embedding_size: int) -> None:
        return None

    def __call__(self, seen: Seen, targets: Tensor, shas: Sequence[str], view: int) -> Tensor:
        return F.cross_entropy(
            seen.logits, targets, reduction="none", label_smoothing=self.label_smoothing
        )


def class_weights(targets: np.ndarray, classes: int) -> torch.Tensor:
    """Weights (C,) inverse to the class counts, scaled so that the mean over images is 1.

    With that scale a batch's loss is a plain mean of weighted losses, the same whether one
    process sees the batch or several share it.
    """
    counts = np.bincount(targets, minlength=classes)
    weights = len(targets) / (np.count_nonzero(counts) * np.maximum(counts, 1))
    return torch.from_numpy(weights).float()
