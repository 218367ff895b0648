"""A backbone as an ordered list of stages, from the pixels to the embedding."""

from __future__ import annotations

from torch import nn

# Containers that hold the stages of a network rather than being one.
_EXPANDED = ("features", "blocks", "trunk_output")
_NORMS = (nn.modules.batchnorm._BatchNorm, nn.LayerNorm, nn.GroupNorm)


def stages_of(backbone: nn.Module) -> list[list[nn.Module]]:
    """The children of `backbone` that hold parameters, in order, grouped into stages.

    A container named `features`, `blocks` or `trunk_output` counts as its children; a single
    normalisation layer belongs to the convolution before it. So a ResNet has five stages
    (conv1 with bn1, layer1 to layer4) and a ShuffleNet V2 five (conv1, stage2 to stage4, conv5).
    A backbone with a method `stages` is asked instead.
    """
    own = getattr(backbone, "stages", None)
    if own is not None:
        named: list[list[nn.Module]] = own()
        return named
    stages: list[list[nn.Module]] = []
    for child in _parts(backbone):
        if isinstance(child, _NORMS) and stages:
            stages[-1].append(child)
        else:
            stages.append([child])
    return stages


def _parts(backbone: nn.Module) -> list[nn.Module]:
    parts: list[nn.Module] = []
    for name, child in backbone.named_children():
        expanded = name in _EXPANDED and isinstance(child, nn.Sequential | nn.ModuleList)
        parts += list(child.children()) if expanded else [child]
    return [part for part in parts if next(part.parameters(), None) is not None]
