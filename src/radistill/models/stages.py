"""A backbone as an ordered list of stages, from the pixels to the embedding."""

from collections.abc import Iterator, Mapping
from typing import Any

from timm.models import group_parameters
from torch import nn


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
