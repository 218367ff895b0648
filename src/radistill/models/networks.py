"""Networks by name: timm's, torchvision's ShuffleNet V2 and the baseline, ready for a new head."""

from __future__ import annotations

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
_REGNETS = {
    "400mf": "004",
    "800mf": "008",
    "1_6gf": "016",
    "3_2gf": "032",
    "8gf": "080",
    "16gf": "160",
    "32gf": "320",
}
# torchvision's names of networks that timm has under another name. The last line: timm has a
# network named efficientnet_lite0 too, without the padding and the weights of the original.
_TIMM_NAMES = {
    "mobilenet_v2": "mobilenetv2_100",
    "mobilenet_v3_small": "mobilenetv3_small_100",
    "mobilenet_v3_large": "mobilenetv3_large_100",
    "mnasnet0_5": "mnasnet_050",
    "mnasnet0_75": "mnasnet_075",
    "mnasnet1_0": "mnasnet_100",
    "swin_t": "swin_tiny_patch4_window7_224",
    "swin_s": "swin_small_patch4_window7_224",
    "swin_b": "swin_base_patch4_window7_224",
    "vit_b_16": "vit_base_patch16_224",
    "vit_b_32": "vit_base_patch32_224",
    "vit_l_16": "vit_large_patch16_224",
    "vit_l_32": "vit_large_patch32_224",
    "vit_h_14": "vit_huge_patch14_224",
    **{f"regnet_{x}_{size}": f"regnet{x}_{code}" for x in "xy" for size, code in _REGNETS.items()},
    **{name: f"tf_{name}" for name in efficientnet_lite.NAMES},
}
# Constants of batch norm as in the originals, where timm has others.
_NORM_OPTIONS = {
    "mobilenet_v3_small": {"bn_eps": 1e-3, "bn_momentum": 0.01},
    "mobilenet_v3_large": {"bn_eps": 1e-3, "bn_momentum": 0.01},
    **{name: {"bn_momentum": efficientnet_lite.MOMENTUM} for name in efficientnet_lite.NAMES},
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
) -> GreyClassifier:
    """A GreyClassifier with random weights, in training mode.

    variant: `v1` puts the stride of a bottleneck ResNet on its first 1x1 convolution.
    Raises UsageError for an unknown name, or a size the network cannot take.
    """
    check_name(architecture)
    size = input_size * enlarge
    try:
        backbone, mean, std = _backbone(architecture, size, dropout)
        with torch.no_grad():
            embedding = backbone.eval()(torch.zeros(1, len(mean), size, size))
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
    )
    if isinstance(backbone, BaselineCNN):  # drops out before its first dense layer instead
        model.head[0] = nn.Dropout(0.0)
    return model


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
