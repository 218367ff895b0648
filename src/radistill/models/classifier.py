"""The one wrapper around every network: grey film in, logits out."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from radistill.models.stages import stages_of


class GreyClassifier(nn.Module):
    """A backbone and a linear head, with the normalisation inside the graph.

    Input: float32 (N, 1, S, S) in [0, 1]. Output: logits (N, classes). A grey film is shown to
    all channels of the backbone, each with its own mean and standard deviation.

    backbone: maps (N, len(mean), S, S) to a pooled embedding (N, embedding_size).
    head: Dropout, then Linear(embedding_size, classes).
    architecture: the name `radistill.models.create` takes.
    variant: empty, or `v1` for a ResNet with the strides of the original paper.
    input_size: S, the side in pixels the network was made for.
    original_head: name of the layer that the head replaces, such as `fc`; empty if none.
    enlarge: factor by which films are enlarged inside the graph. A network with pretrained
    weights then sees structures at the size it knows, of a film too coarse to carry the noise of
    its file.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        backbone: nn.Module,
        *,
        embedding_size: int,
        classes: int,
        architecture: str,
        input_size: int,
        mean: Sequence[float],
        std: Sequence[float],
        dropout: float = 0.0,
        head_dropout: float | None = None,
        variant: str = "",
        original_head: str = "",
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = nn.Sequential(
            nn.Dropout(dropout if head_dropout is None else head_dropout),
            nn.Linear(embedding_size, classes),
        )
        self.register_buffer("mean", torch.tensor(mean).view(1, -1, 1, 1))
        self.register_buffer("std", torch.tensor(std).view(1, -1, 1, 1))
        self.embedding_size = embedding_size
        self.classes = classes
        self.architecture = architecture
        self.variant = variant
        self.input_size = input_size
        self.original_head = original_head
        self.dropout = dropout
        self.enlarge = 1

    @property
    def stages(self) -> list[list[nn.Module]]:
        """The backbone's parts from earliest to latest, for freezing and learning rates."""
        return stages_of(self.backbone)

    def embedding(self, x: Tensor) -> Tensor:
        """Pooled features (N, embedding_size) of films (N, 1, S, S) in [0, 1]."""
        if self.enlarge > 1:
            x = F.interpolate(x, scale_factor=self.enlarge, mode="bilinear", align_corners=False)
        features: Tensor = self.backbone((x - self.mean) / self.std)
        return features

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.embedding(x))
        return logits
