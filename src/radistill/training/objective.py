"""What a step minimises, one value an image, for training with and without a teacher."""

from collections.abc import Sequence
from typing import Protocol

from torch import Tensor, nn
from torch.nn import functional as F

from radistill.training.learner import NetworkOutputs


class Objective(Protocol):
    """Loss of each image of a batch."""

    attention: bool  # whether it needs `NetworkOutputs.attention`

    def projector(self, embedding_size: int) -> nn.Module | None:
        """A layer from the student's embedding to the teacher's, or None if it needs none."""
        ...

    def __call__(
        self, outputs: NetworkOutputs, targets: Tensor, shas: Sequence[str], view: int
    ) -> Tensor:
        """targets: float32 (N, outputs). shas: content hashes. view: its number. Returns (N,)."""
        ...


class CrossEntropy:
    """Cross-entropy against the labels, with label smoothing."""

    attention = False

    def __init__(self, label_smoothing: float = 0.0) -> None:
        self.label_smoothing = label_smoothing

    def projector(self, embedding_size: int) -> None:
        return None

    def __call__(
        self, outputs: NetworkOutputs, targets: Tensor, shas: Sequence[str], view: int
    ) -> Tensor:
        return F.cross_entropy(
            outputs.logits, targets, reduction="none", label_smoothing=self.label_smoothing
        )
