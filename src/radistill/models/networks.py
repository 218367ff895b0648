"""Networks by name: our own, and any torchvision classifier, ready for a new head."""

from __future__ import annotations

import difflib
import warnings

import torch
import torchvision
from torch import nn

from radistill.errors import UsageError
from radistill.models.baseline import BaselineCNN
from radistill.models.classifier import GreyClassifier
from radistill.models.efficientnet_lite import EfficientNetLite, parse

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
# EfficientNet-Lite was trained on (pixel - 127) / 128.
LITE_MEAN = (127 / 255,) * 3
LITE_STD = (128 / 255,) * 3

MAIN = (
    "baseline",
    "resnet50",
    "resnet18",
    "mobilenet_v3_small",
    "shufflenet_v2_x0_5",
    "efficientnet_lite0",
    "efficientnet_lite1",
    "efficientnet_lite2",
    "efficientnet_lite0_first5",
)
# Auxiliary classifiers in training mode, or no linear layer at the end.
_UNFIT = {
    "googlenet": "it has auxiliary classifiers",
    "inception_v3": "it has auxiliary classifiers",
    "squeezenet1_0": "its classifier is a convolution",
    "squeezenet1_1": "its classifier is a convolution",
}


def architectures() -> list[str]:
    """Every name `build` takes, the main ones first."""
    others = torchvision.models.list_models(module=torchvision.models)
    return [*MAIN, *(name for name in others if name not in MAIN and name not in _UNFIT)]


def build(
    architecture: str, *, classes: int, dropout: float, input_size: int, variant: str = ""
) -> GreyClassifier:
    """A GreyClassifier with random weights, in training mode.

    variant: `v1` puts the stride of a bottleneck ResNet on its first 1x1 convolution.
    Raises UsageError for an unknown or unfit name, or a size the network cannot take.
    """
    check_name(architecture)
    if architecture == "baseline":
        cnn = BaselineCNN(input_size, dropout)
        model = GreyClassifier(
            cnn, embedding_size=cnn.embedding_size, classes=classes, architecture=architecture,
            input_size=input_size, mean=(0.5,), std=(0.25,), dropout=dropout, head_dropout=0.0,
        )  # fmt: skip
    else:
        lite = parse(architecture)
        network = EfficientNetLite(*lite) if lite else _torchvision(architecture, input_size)
        if variant:
            use_v1_strides(network, architecture)
        head, size = _remove_head(network, architecture)
        model = GreyClassifier(
            network, embedding_size=size, classes=classes, architecture=architecture,
            input_size=input_size, mean=LITE_MEAN if lite else IMAGENET_MEAN,
            std=LITE_STD if lite else IMAGENET_STD, dropout=dropout, variant=variant,
            original_head=head,
        )  # fmt: skip
    _check_size(model)
    return model


def use_v1_strides(network: nn.Module, architecture: str) -> None:
    """Move the stride of each bottleneck from conv2 (torchvision, "v1.5") to conv1 (He, 2015)."""
    if not isinstance(network, torchvision.models.ResNet):
        raise UsageError(f"{architecture}: only a ResNet has v1 strides")
    for block in network.modules():
        if isinstance(block, torchvision.models.resnet.Bottleneck):
            block.conv1.stride, block.conv2.stride = block.conv2.stride, (1, 1)


def check_name(architecture: str) -> None:
    """Raise UsageError, naming the nearest, if `build` does not know `architecture`."""
    if architecture in _UNFIT:
        raise UsageError(
            f"{architecture} cannot take a new head: {_UNFIT[architecture]}; "
            f"choose one of {', '.join(MAIN)}"
        )
    if parse(architecture) is None and architecture not in architectures():
        close = difflib.get_close_matches(architecture, architectures(), n=1, cutoff=0.5)
        hint = f"did you mean '{close[0]}'?" if close else f"there are {', '.join(MAIN)}"
        raise UsageError(f"no architecture '{architecture}'; {hint} (any torchvision classifier)")


def _torchvision(architecture: str, input_size: int) -> nn.Module:
    sized = {"image_size": input_size} if architecture.startswith("vit_") else {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            network: nn.Module = torchvision.models.get_model(architecture, weights=None, **sized)
    except (RuntimeError, AssertionError, ValueError):
        raise _unfit_size(architecture, input_size) from None
    return network


def _remove_head(network: nn.Module, architecture: str) -> tuple[str, int]:
    """Replace the last linear layer by Identity; return its name and the size of its input.

    A dropout right before it goes too: the new head has its own.
    """
    linear = [name for name, module in network.named_modules() if isinstance(module, nn.Linear)]
    if not linear:
        raise UsageError(f"{architecture} cannot take a new head: it has no linear layer")
    parent_name, _, last = linear[-1].rpartition(".")
    parent = network.get_submodule(parent_name)
    size = parent.get_submodule(last).in_features
    setattr(parent, last, nn.Identity())
    if isinstance(parent, nn.Sequential) and last.isdigit() and int(last) > 0:
        before = int(last) - 1
        if isinstance(parent[before], nn.Dropout):
            parent[before] = nn.Identity()
    return linear[-1], int(size)  # type: ignore[arg-type]


def _check_size(model: GreyClassifier) -> None:
    try:
        with torch.no_grad():
            side = model.input_size
            embedding = model.eval().embedding(torch.zeros(1, 1, side, side))
    except (RuntimeError, AssertionError, ValueError):
        raise _unfit_size(model.architecture, model.input_size) from None
    if embedding.shape != (1, model.embedding_size):
        raise UsageError(f"{model.architecture} cannot take a new head: its output is not linear")
    model.train()


def _unfit_size(architecture: str, input_size: int) -> UsageError:
    return UsageError(
        f"{architecture} cannot take input_size {input_size}; 224 fits nearly every network"
    )
