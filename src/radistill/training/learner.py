"""The network in training, together with what its losses look at."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import torch
from torch import Tensor, nn


class Learned(Protocol):
    """The part of `GreyClassifier` that is trained."""

    head: nn.Module

    @property
    def stages(self) -> list[list[nn.Module]]: ...

    def embedding(self, x: Tensor) -> Tensor: ...


class Seen(NamedTuple):
    """What a network makes of N images.

    logits: (N, outputs). embedding: (N, D), pooled. attention: (N, h * w), see `attention_map`;
    empty where nobody asked. projected: (N, D of the teacher), the embedding through the
    projector of hint regression; the embedding itself where there is none.
    """

    logits: Tensor
    embedding: Tensor
    attention: Tensor
    projected: Tensor


def attention_map(features: Tensor) -> Tensor:
    """Zagoruyko and Komodakis 2017: the mean square over channels, with length 1.

    features: (N, C, h, w). Returns (N, h * w).
    """
    return nn.functional.normalize(features.square().mean(dim=1).flatten(1), dim=1)


class Learner(nn.Module):
    """Wraps a network so that one forward pass gives all of `Seen`, under `accelerate` too.

    projector: for hint regression, trained with the network and then dropped.
    attention: whether the map of the last spatial layer is wanted.
    """

    def __init__(
        self, model: nn.Module, projector: nn.Module | None = None, *, attention: bool = False
    ) -> None:
        super().__init__()
        self.model = model
        self.projector = projector
        self.attention = attention

    def forward(self, images: Tensor) -> Seen:
        model: Learned = self.model  # type: ignore[assignment]
        maps: list[Tensor] = []
        hooks = _watch(model, maps) if self.attention else []
        try:
            embedding = model.embedding(images)
        finally:
            for hook in hooks:
                hook.remove()
        attention = maps[-1] if maps else embedding.new_empty(len(images), 0)
        projected = embedding if self.projector is None else self.projector(embedding)
        seen = Seen(model.head(embedding), embedding, attention, projected)
        return Seen(*(part.float() for part in seen))


def _watch(model: Learned, maps: list[Tensor]) -> list[torch.utils.hooks.RemovableHandle]:
    """Collect the attention map of each stage that ends in one, the last of them last."""

    def look(module: nn.Module, inputs: object, output: Tensor) -> None:
        if output.ndim == 4:
            maps.append(attention_map(output))

    return [stage[-1].register_forward_hook(look) for stage in model.stages]
