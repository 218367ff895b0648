"""A backbone as an ordered list of stages, from the pixels to the embedding."""

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from timm.models import group_parameters
from torch import Tensor, nn

POOLED_FROM = 2  # the stem and the first stage tell edges apart, which say little of a film


def stages_of(backbone: Any) -> list[list[nn.Module]]:
    """The modules of `backbone` in the order of their execution, grouped into stages.

    The stages are timm's coarse groups of parameters: the stem, then the layers or rows of blocks.
    So a ResNet has five (conv1 with bn1, layer1 to layer4). Modules without parameters, such as
    pooling, belong to the stage before them.
    """
    stages: list[list[nn.Module]] = [[]]
    latest = 0
    for group, module in _pieces(backbone, _groups(backbone)):
        if group > latest:
            latest = group
            stages.append([])
        stages[-1].append(module)
    return stages


def stage_maps(backbone: Any, x: Tensor) -> tuple[list[Tensor], Tensor]:
    """The last feature map (N, C, h, w) of each stage, and the output of the last stage.

    x: what the backbone takes. The stages run one after the other, so this is of no use for a
    network with connections around them.
    """
    maps = []
    for stage in stages_of(backbone):
        last = None
        for module in stage:
            x = module(x)
            if x.ndim == 4 and min(x.shape[2:]) > 1:
                last = x
        if last is not None:
            maps.append(last)
    return maps, x


def pooled(maps: list[Tensor]) -> Tensor:
    """Mean and standard deviation over the positions of each channel, of all stages but the first.

    Early maps keep texture that the last one has given up for the classes of ImageNet. maps: as
    `stage_maps` has them. Returns (N, D).
    """
    parts = [(one.mean(dim=(2, 3)), one.std(dim=(2, 3))) for one in maps[POOLED_FROM:]]
    return torch.cat([part for pair in parts for part in pair], dim=1)


def _groups(backbone: Any) -> dict[str, int]:
    """The group of each parameter; its child's number where timm has no groups."""
    children = [name for name, _ in backbone.named_children()]
    if hasattr(backbone, "group_matcher"):
        matcher = backbone.group_matcher(coarse=True)
    else:

        def matcher(name: str) -> int:
            return children.index(name.partition(".")[0])

    groups: dict[str, int] = group_parameters(backbone, matcher, reverse=True)
    return groups


def _pieces(
    module: nn.Module, groups: Mapping[str, int], prefix: str = ""
) -> Iterator[tuple[int, nn.Module]]:
    """The children with their group, 0 without parameters; a container of several is opened."""
    for name, child in module.named_children():
        path = f"{prefix}{name}"
        held = {groups[f"{path}.{key}"] for key, _ in child.named_parameters()}
        if len(held) > 1 and isinstance(child, nn.Sequential | nn.ModuleList):
            yield from _pieces(child, groups, f"{path}.")
        else:
            yield min(held, default=0), child
