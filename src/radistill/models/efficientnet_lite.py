"""EfficientNet-Lite0 to 2 (Google, 2020): timm's networks, whole or cut after a row of blocks."""

import re
from typing import Any

from timm.layers import BatchNormAct2d
from torch import nn

NAMES = ("efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2")
# Trained on (pixel - 127) / 128; timm says 0.5 for both.
MEAN = (127 / 255,) * 3
STD = (128 / 255,) * 3
MOMENTUM = 0.01  # of batch norm, in the original code
CUT_HEAD = 256  # channels after the last row of a cut network
_NAME = re.compile(rf"({'|'.join(NAMES)})(?:_first([2-6]))?")


def parse(architecture: str) -> tuple[str, int] | None:
    """(`efficientnet_lite0`, 5) for `efficientnet_lite0_first5`: five of its seven rows are kept.

    0 rows for a whole network, None for any other architecture.
    """
    match = _NAME.fullmatch(architecture)
    return (match[1], int(match[2] or 0)) if match else None


def cut(network: Any, rows: int) -> None:
    """Keep the first `rows` rows of blocks; the convolution behind them is smaller and new.

    Lite0 cut after the fifth row keeps its ImageNet weights at under a million parameters.
    """
    network.blocks = network.blocks[:rows]
    channels = network.blocks[-1][-1].conv_pwl.out_channels
    network.conv_head = nn.Conv2d(channels, CUT_HEAD, 1, bias=False)
    nn.init.kaiming_normal_(network.conv_head.weight, mode="fan_out", nonlinearity="relu")
    network.bn2 = BatchNormAct2d(CUT_HEAD, 1e-3, MOMENTUM, act_layer=nn.ReLU6)
    network.num_features = network.head_hidden_size = CUT_HEAD
