"""Networks by name: timm's, torchvision's ShuffleNet V2 and the baseline, ready for a new head."""

import difflib
from collections.abc import Sequence
from typing import Any

import timm
import torch
from timm.data import IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD
from timm.models.resnet import Bottleneck, ResNet
from torch import nn

from radistill.errors import UsageError
from radistill.models import efficientnet_lite
from radistill.models.baseline import BaselineCNN
from radistill.models.classifier import GreyClassifier
from radistill.models.shufflenet import SHUFFLENETS, ShuffleNet
from radistill.models.stages import pooled, stage_maps

MAIN = (
    "baseline",
    "resnet50",
    "resnet18",
    "mobilenet_v3_small",
    "mobilenetv4_conv_small",
    "convnext_atto",
    "shufflenet_v2_x0_5",
    "efficientnet_lite0",
    "efficientnet_lite1",
    "efficientnet_lite2",
    "efficientnet_lite0_first5",
)
_LITE = efficientnet_lite.NAMES
_VITS = {"b_16": "base", "b_32": "base", "l_16": "large", "l_32": "large", "h_14": "huge"}
_REGNETS = {"400mf": 4, "800mf": 8, "1_6gf": 16, "3_2gf": 32, "8gf": 80, "16gf": 160, "32gf": 320}
# torchvision's names of networks that timm has under another name. The first line: timm has a
# network named efficientnet_lite0 too, without the padding and the weights of the original.
_TIMM_NAMES = {
    **{name: f"tf_{name}" for name in _LITE},
    "mobilenet_v2": "mobilenetv2_100",
    **{f"mobilenet_v3_{size}": f"mobilenetv3_{size}_100" for size in ("small", "large")},
    "mnasnet0_5": "mnasnet_050",
    "mnasnet0_75": "mnasnet_075",
    "mnasnet1_0": "mnasnet_100",
    **{f"swin_{s[0]}": f"swin_{s}_patch4_window7_224" for s in ("tiny", "small", "base")},
    **{f"vit_{s}": f"vit_{size}_patch{s[2:]}_224" for s, size in _VITS.items()},
    **{f"regnet_{x}_{s}": f"regnet{x}_{n:03}" for x in "xy" for s, n in _REGNETS.items()},
}
# Constants of batch norm as in the originals, where timm has others.
_NORM_OPTIONS: dict[str, dict[str, Any]] = {
    **{name: {"bn_momentum": efficientnet_lite.MOMENTUM} for name in _LITE},
    "mobilenet_v3_small": {"bn_eps": 1e-3, "bn_momentum": 0.01},
    "mobilenet_v3_large": {"bn_eps": 1e-3, "bn_momentum": 0.01},
}


def architectures() -> list[str]:
    """Every name `build` takes, the main ones first."""
    others = {*_TIMM_NAMES, *SHUFFLENETS, *timm.list_models()}
    return [*MAIN, *sorted(others.difference(MAIN))]


def check_name(architecture: str) -> None:
    """Raise UsageError, with the nearest names, if `build` does not know `architecture`."""
    name, _, tag = architecture.partition(".")
    known = architectures()
    if tag and name in known:  # a set of weights, such as resnet50.tv_in1k
        known = timm.list_pretrained(f"{name}.*")
    if architecture not in known and not efficientnet_lite.parse(architecture):
        nearest = difflib.get_close_matches(architecture, known, n=3, cutoff=0.5) or MAIN
        raise UsageError(
            f"no architecture '{architecture}'; the nearest are {', '.join(nearest)} "
            "(any architecture of timm is taken by its name)"
        )


def whole_name(architecture: str) -> str:
    """`architecture` without the cut: `efficientnet_lite0` for `efficientnet_lite0_first5`."""
    lite = efficientnet_lite.parse(architecture)
    return lite[0] if lite else architecture


def timm_name(architecture: str) -> str:
    """timm's name, if it has the network."""
    whole = whole_name(architecture)
    return _TIMM_NAMES.get(whole, whole)


def build(
    architecture: str,
    *,
    classes: int,
    dropout: float = 0.0,
    input_size: int = 224,
    enlarge: int = 1,
    variant: str = "",
    pooling: str = "last",
) -> GreyClassifier:
    """A GreyClassifier with random weights, in training mode.

    variant: `v1` puts the stride of a bottleneck ResNet on its first 1x1 convolution. pooling: see
    `GreyClassifier`; `stages` asks for a network whose stages run one after the other.
    Raises UsageError for an unknown name, or a size the network cannot take.
    """
    check_name(architecture)
    size = input_size * enlarge
    try:
        backbone, mean, std = _backbone(architecture, size, dropout)
        with torch.no_grad():
            embedding = backbone.eval()(torch.zeros(1, len(mean), size, size))
            if pooling == "stages":
                embedding = _pooled_stages(backbone, embedding, architecture, size)
    except (RuntimeError, AssertionError, ValueError) as error:
        enlarged = f" enlarged to {size}" if enlarge > 1 else ""
        raise UsageError(
            f"{architecture} cannot take input_size {input_size}{enlarged} ({error}); "
            "224 fits nearly every network"
        ) from None
    if variant:
        use_v1_strides(backbone, architecture)
    model = GreyClassifier(
        backbone.train(),
        embedding_size=embedding.shape[1],
        classes=classes,
        architecture=architecture,
        input_size=input_size,
        mean=mean,
        std=std,
        dropout=dropout,
        enlarge=enlarge,
        variant=variant,
        pooling=pooling,
    )
    if isinstance(backbone, BaselineCNN):  # drops out before its first dense layer instead
        model.head[0] = nn.Dropout(0.0)
    return model


def _pooled_stages(
    backbone: nn.Module, whole: torch.Tensor, architecture: str, size: int
) -> torch.Tensor:
    """`stages.pooled` of a black image; UsageError if the stages do not make up the network."""
    try:
        maps, last = stage_maps(backbone, whole.new_zeros(1, 3, size, size))
        if last.shape == whole.shape and torch.allclose(last, whole, atol=1e-4, rtol=1e-4):
            return pooled(maps)
    except (RuntimeError, TypeError):
        pass
    raise UsageError(
        f"pooling=stages: {architecture} has connections around its stages, so their outputs "
        "cannot be pooled; choose an EfficientNet or a ResNet, or pooling=last"
    )


def use_v1_strides(network: nn.Module, architecture: str) -> None:
    """Move the stride of each bottleneck from conv2 ("v1.5") to conv1 (He et al., 2015)."""
    if not isinstance(network, ResNet):
        raise UsageError(f"{architecture}: only a ResNet has v1 strides")
    for block in network.modules():
        if isinstance(block, Bottleneck):
            block.conv1.stride, block.conv2.stride = block.conv2.stride, (1, 1)


def _backbone(
    architecture: str, size: int, dropout: float
) -> tuple[nn.Module, Sequence[float], Sequence[float]]:
    """The network, and mean and standard deviation of its input by channel."""
    if architecture == "baseline":
        return BaselineCNN(size, dropout), (0.5,), (0.25,)
    if architecture in SHUFFLENETS:
        return ShuffleNet(architecture), IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD
    name = timm_name(architecture)
    known = timm.get_pretrained_cfg(name)
    options: dict[str, Any] = {"img_size": size} if known and known.fixed_input_size else {}
    options |= _NORM_OPTIONS.get(whole_name(architecture), {})
    network: Any = timm.create_model(name, num_classes=0, **options)
    if lite := efficientnet_lite.parse(architecture):
        if lite[1]:
            efficientnet_lite.cut(network, lite[1])
        return network, efficientnet_lite.MEAN, efficientnet_lite.STD
    return network, network.pretrained_cfg["mean"], network.pretrained_cfg["std"]
