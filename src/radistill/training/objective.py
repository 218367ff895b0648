"""What a step minimises, one value an image, for training with and without a teacher."""

from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from radistill.training.examples import Examples
from radistill.training.learner import NetworkOutputs


class Objective(Protocol):
    """Loss of each image of a batch."""

    attention: bool  # whether it needs `NetworkOutputs.attention`

    def start(self, films: Examples, device: torch.device) -> None:
        """Make ready to train on these films there."""
        ...

    def projector(self, embedding_size: int) -> nn.Module | None:
        """A layer from the student's embedding to the teacher's, or None if it needs none."""
        ...

    def __call__(self, outputs: NetworkOutputs, targets: Tensor, seen: Tensor) -> Tensor:
        """The loss (N,). targets: float32 (N, outputs). seen: int64 (N,), the number of each image
        among all views: that of the view, times the films, plus the film's row.
        """
        ...


class CrossEntropy:
    """Cross-entropy against the labels, with label smoothing."""

    attention = False

    def __init__(self, label_smoothing: float = 0.0) -> None:
        self.label_smoothing = label_smoothing

    def start(self, films: Examples, device: torch.device) -> None:
        pass

    def projector(self, embedding_size: int) -> None:
        return None

    def __call__(self, outputs: NetworkOutputs, targets: Tensor, seen: Tensor) -> Tensor:
        return F.cross_entropy(
            outputs.logits, targets, reduction="none", label_smoothing=self.label_smoothing
        )
