"""A classifier that also says where and what: probability, class activation map, embedding."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from radistill.export.calibrated import Calibrated
from radistill.metrics.calibration import UNCALIBRATED
from radistill.models.baseline import BaselineCNN
from radistill.models.classifier import GreyClassifier
from radistill.schema.figures import CalibrationMap

POSITIONS = (
    "class activation map: the log-odds that the head gives when it sees one position of the last "
    "feature map alone (Zhou et al. 2016; for a linear head their mean is the film's log-odds)"
)
CONTRIBUTIONS = (
    "gradient times input at the last feature map (the positions sum up to the film's log-odds, "
    "less the biases)"
)
ENERGY = (
    "activation energy: the mean square over channels of the last feature map (Zagoruyko and "
    "Komodakis 2017); it shows where the network responds, not for which class"
)

_Step = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class _Pooling:
    """embedding = tail(mean over positions of activation(feature map))."""

    activation: _Step
    tail: _Step


class Explained(nn.Module):
    """float32 (N, 1, S, S) in [0, 1] -> probability (N, K), cam (N, h, w), embedding (N, D).

    probability: softmax of the logits, summed within `groups` (for each logit the index of the
    class it is reported as), then `calibration` of the class `positive`.
    cam: of class `positive`, as trained, computed in the graph without gradients; `method` says
    how, which depends on the network.
    The classifier is copied, to the CPU, in float32 and eval mode.
    Raises ValueError for groups that leave out a logit or a class.
    """

    inside: Tensor
    outside: Tensor

    def __init__(
        self,
        classifier: GreyClassifier,
        *,
        positive: int,
        calibration: CalibrationMap = UNCALIBRATED,
        groups: Sequence[int] | None = None,
    ) -> None:
        super().__init__()
        copied = copy.deepcopy(classifier).cpu().float().eval()
        self.classifier = copied.to(memory_format=torch.contiguous_format)
        self.groups = tuple(range(classifier.classes)) if groups is None else tuple(groups)
        if len(self.groups) != classifier.classes or set(self.groups) != set(
            range(max(self.groups) + 1)
        ):
            raise ValueError(f"groups {self.groups} do not name a class for each logit")
        belongs = torch.tensor(self.groups) == positive
        self.register_buffer("inside", belongs.nonzero().flatten())
        self.register_buffer("outside", (~belongs).nonzero().flatten())
        self.calibrated = Calibrated(calibration, positive=positive, classes=max(self.groups) + 1)
        self._layer = _last_map(self.classifier)
        self._pooling = self._find_pooling()
        self.eval()

    @property
    def method(self) -> str:
        """How `cam` is computed, in words."""
        if isinstance(self.classifier.backbone, BaselineCNN):
            return CONTRIBUTIONS
        return ENERGY if self._pooling is None else POSITIONS

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        features, embedding = self._watch(image)
        logits: Tensor = self.classifier.head(embedding)
        parts = torch.softmax(logits, dim=1)
        if self.groups == tuple(range(len(self.groups))):
            probability = parts
        else:
            probability = parts @ self._membership(parts)
        told = self.calibrated(probability, self.log_odds(logits))
        return told, self._cam(features, embedding, logits), embedding

    def log_odds(self, logits: Tensor) -> Tensor:
        """Of the positive class against all others, (N, classes) -> (N,)."""
        inside = torch.logsumexp(logits.index_select(1, self.inside), dim=1)
        return inside - torch.logsumexp(logits.index_select(1, self.outside), dim=1)

    def _membership(self, like: Tensor) -> Tensor:
        groups = torch.tensor(self.groups, device=like.device)
        return F.one_hot(groups, max(self.groups) + 1).to(like.dtype)

    def _cam(self, features: Tensor, embedding: Tensor, logits: Tensor) -> Tensor:
        if isinstance(self.classifier.backbone, BaselineCNN):
            return self._contributions(features, embedding, logits)
        if self._pooling is None:
            return features.square().mean(dim=1)
        channels, height, width = features.shape[1:]
        positions = self._pooling.activation(features).permute(0, 2, 3, 1).reshape(-1, channels)
        odds = self.log_odds(self.classifier.head(self._pooling.tail(positions)))
        return odds.reshape(-1, height, width)

    def _contributions(self, features: Tensor, embedding: Tensor, logits: Tensor) -> Tensor:
        """Of each position to the log-odds, through the dense layer's open ReLUs."""
        last: nn.Linear = self.classifier.head[1]  # type: ignore[assignment]
        head = last.weight
        for_and_against = [
            torch.softmax(logits.index_select(1, chosen), dim=1) @ head.index_select(0, chosen)
            for chosen in (self.inside, self.outside)
        ]
        slope = for_and_against[0] - for_and_against[1]
        dense = next(m for m in self.classifier.backbone.modules() if isinstance(m, nn.Linear))
        gradient = (slope * (embedding > 0)) @ dense.weight
        return (gradient.view_as(features) * features).sum(dim=1)

    def _watch(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """The last feature map (N, C, h, w) and the embedding (N, D)."""
        seen: list[Tensor] = []
        layer = self.classifier.get_submodule(self._layer)
        handle = layer.register_forward_hook(lambda _module, _inputs, output: seen.append(output))
        try:
            embedding = self.classifier.embedding(image)
        finally:
            handle.remove()
        return seen[-1], embedding

    @torch.no_grad()
    def _find_pooling(self) -> _Pooling | None:
        """How this network gets from map to embedding, proved on films; None if not by a mean."""
        side = self.classifier.input_size
        films = torch.rand(2, 1, side, side, generator=torch.Generator().manual_seed(0))
        features, embedding = self._watch(films)
        head = getattr(self.classifier.backbone, "forward_head", None)
        tails: list[_Step] = [_nothing]
        if head is not None:  # layers behind the mean, as in MobileNetV3
            tails.append(lambda x: _tensor(head(x[:, :, None, None], pre_logits=True)))
        activations: tuple[_Step, ...] = (_nothing, F.relu, F.relu6)
        for activation, tail in product(activations, tails):
            try:
                found = tail(activation(features).mean(dim=(2, 3)))
            except (RuntimeError, ValueError, IndexError):
                continue
            if found.shape == embedding.shape and torch.allclose(found, embedding, 1e-3, 1e-4):
                return _Pooling(activation, tail)
        return None


def _tensor(x: Any) -> Tensor:
    result: Tensor = x
    return result


def _nothing(x: Tensor) -> Tensor:
    return x


@torch.no_grad()
def _last_map(classifier: GreyClassifier) -> str:
    """Name of the module whose output is the last with positions: (N, C, h, w), h and w above 1."""
    found = ""
    handles = []

    def note(name: str) -> Callable[[nn.Module, object, object], None]:
        def hook(_module: nn.Module, _inputs: object, output: object) -> None:
            nonlocal found
            if isinstance(output, Tensor) and output.ndim == 4 and min(output.shape[2:]) > 1:
                found = name

        return hook

    for name, module in classifier.named_modules():
        if name:
            handles.append(module.register_forward_hook(note(name)))
    side = classifier.input_size
    classifier.embedding(torch.zeros(1, 1, side, side))
    for handle in handles:
        handle.remove()
    return found
