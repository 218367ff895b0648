"""The network in training, with everything that losses need from one forward pass."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from radistill.models import GreyClassifier
from radistill.training.frozen import Tail


class NetworkOutputs(NamedTuple):
    """Outputs of a network for N images, in float32.

    logits: (N, outputs). embedding: (N, D), pooled. attention: (N, h * w), see `attention_map`;
    (N, 0) unless asked for. projected: (N, D of the teacher), the embedding after the projector of
    hint regression; the embedding itself where there is none.
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
    """Wraps a network so that one forward pass gives `NetworkOutputs`, under `accelerate` too.

    projector: for hint regression, trained with the network and then dropped.
    attention: whether to compute the attention map of the last spatial layer.
    """

    def __init__(
        self,
        model: GreyClassifier | Tail,
        projector: nn.Module | None = None,
        *,
        attention: bool = False,
    ) -> None:
        super().__init__()
        self.model = model
        self.projector = projector
        self.attention = attention

    def forward(self, images: Tensor) -> NetworkOutputs:
        maps: list[Tensor] = []
        hooks = _record_maps(self.model.stages, maps) if self.attention else []
        try:
            embedding = self.model.embedding(images)
        finally:
            for hook in hooks:
                hook.remove()
        attention = maps[-1] if maps else embedding.new_empty(len(images), 0)
        projected = embedding if self.projector is None else self.projector(embedding)
        parts = (self.model.head(embedding), embedding, attention, projected)
        return NetworkOutputs(*(part.float() for part in parts))


def _record_maps(stages: list[list[nn.Module]], maps: list[Tensor]) -> list[RemovableHandle]:
    """Append the attention map of each stage with a spatial output to `maps`, in order."""

    def record(module: nn.Module, inputs: object, output: Tensor) -> None:
        if output.ndim == 4:
            maps.append(attention_map(output))

    return [stage[-1].register_forward_hook(record) for stage in stages]
