"""The network in training, with everything that losses need from one forward pass."""

from typing import NamedTuple

from torch import Tensor, nn

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
    attention: whether to compute the attention map of the last feature map.
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
        if self.attention:
            features, embedding = self.model.outputs(images)
            attention = attention_map(features)
        else:
            embedding = self.model.embedding(images)
            attention = embedding.new_empty(len(images), 0)
        projected = embedding if self.projector is None else self.projector(embedding)
        parts = (self.model.head(embedding), embedding, attention, projected)
        return NetworkOutputs(*(part.float() for part in parts))
