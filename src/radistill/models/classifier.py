"""The one wrapper around every network: grey film in, logits out."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from radistill.models.stages import pooled, stage_maps, stages_of


class GreyClassifier(nn.Module):
    """A backbone and a linear head, with the normalisation inside the graph.

    Input: float32 (N, 1, S, S) in [0, 1]. Output: logits (N, classes). All channels of the
    backbone get the grey film, each with its own mean and standard deviation.

    backbone: maps (N, len(mean), S, S) to a pooled embedding (N, embedding_size). With timm's
    methods `forward_features` and `forward_head` it also has a feature map, see `outputs`.
    head: Dropout, then Linear(embedding_size, classes).
    architecture: the name `radistill.models.create` takes.
    variant: empty, or `v1` for a ResNet with the strides of the original paper.
    input_size: S, the side in pixels the network was made for.
    enlarge: factor by which films are enlarged inside the graph. A network with pretrained
    weights then sees structures at the size it knows, of a film too coarse to carry the noise of
    its file.
    pooling: `last`, the embedding is the backbone's own; `stages`, it is `stages.pooled`.
    """

    backbone: Any  # a module, with timm's methods
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
        enlarge: int = 1,
        variant: str = "",
        pooling: str = "last",
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(embedding_size, classes))
        self.register_buffer("mean", torch.tensor(mean).view(1, -1, 1, 1))
        self.register_buffer("std", torch.tensor(std).view(1, -1, 1, 1))
        self.embedding_size = embedding_size
        self.pooling = pooling
        self.classes = classes
        self.architecture = architecture
        self.variant = variant
        self.input_size = input_size
        self.dropout = dropout
        self.enlarge = enlarge

    @property
    def stages(self) -> list[list[nn.Module]]:
        """The backbone's parts from earliest to latest, for freezing and learning rates."""
        return stages_of(self.backbone)

    def group_matcher(self, coarse: bool = False) -> Callable[[str], int]:
        """For timm's parameter groups: from a parameter's name to its stage, from 0.

        The head counts as the last stage; what is in no stage (a class token) as the first.
        """
        names = {id(parameter): name for name, parameter in self.named_parameters()}
        stages = self.stages
        numbers = {
            names[id(parameter)]: number
            for number, stage in enumerate([*stages[:-1], [*stages[-1], self.head]])
            for module in stage
            for parameter in module.parameters()
        }
        return lambda name: numbers.get(name, 0)

    def normalised(self, x: Tensor) -> Tensor:
        """The backbone's input for films (N, 1, S, S) in [0, 1]."""
        if self.enlarge > 1:
            x = F.interpolate(x, scale_factor=self.enlarge, mode="bilinear", align_corners=False)
        return (x - self.mean) / self.std

    def embedding(self, x: Tensor) -> Tensor:
        """Pooled features (N, embedding_size) of films (N, 1, S, S) in [0, 1]."""
        if self.pooling == "stages":
            return self.outputs(x)[1]
        features: Tensor = self.backbone(self.normalised(x))
        return features

    def outputs(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The last feature map (N, C, h, w) and the embedding of films (N, 1, S, S) in [0, 1]."""
        if self.pooling == "stages":
            maps, _ = stage_maps(self.backbone, self.normalised(x))
            return maps[-1], pooled(maps)
        features: Tensor = self.backbone.forward_features(self.normalised(x))
        embedding: Tensor = self.backbone.forward_head(features, pre_logits=True)
        return self._feature_map(features), embedding

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.embedding(x))
        return logits

    def _feature_map(self, features: Tensor) -> Tensor:
        """timm's features as (N, C, h, w); transformers give tokens, or the channels last."""
        if features.ndim == 4:
            last = getattr(self.backbone, "output_fmt", "NCHW") == "NHWC"
            return features.permute(0, 3, 1, 2) if last else features
        tokens = features[:, getattr(self.backbone, "num_prefix_tokens", 0) :].transpose(1, 2)
        side = math.isqrt(tokens.shape[2])
        feature_map: Tensor = tokens.unflatten(2, (side, side))
        return feature_map
