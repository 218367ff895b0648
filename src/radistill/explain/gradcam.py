"""Which part of a film moved a convolutional model: Grad-CAM (Selvaraju et al. 2017) by captum."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np
import torch
from captum.attr import LayerAttribution, LayerGradCam
from torch import Tensor, nn

from radistill.errors import RadistillError
from radistill.imaging import to_unit

BATCH = 32


class LogOdds(nn.Module):
    """Log-odds of the positive class, (N,), whatever the number of logits.

    positive: indices of the logits that count as the positive class.
    """

    def __init__(self, classifier: nn.Module, positive: Sequence[int]) -> None:
        super().__init__()
        self.classifier = classifier
        self.positive = list(positive)

    def forward(self, image: Tensor) -> Tensor:
        logits = self.classifier(image)
        rest = [i for i in range(logits.shape[1]) if i not in self.positive]
        odds: Tensor = logits[:, self.positive].logsumexp(dim=1) - logits[:, rest].logsumexp(dim=1)
        return odds


def heat_maps(classifier: nn.Module, squares: np.ndarray, positive: Sequence[int]) -> np.ndarray:
    """Grad-CAM of the positive class, float32 (N, S, S) in [0, 1], each map's greatest value 1.

    squares: uint8 (N, S, S). The layer is the last whose output still has positions. A map is all 0
    where nothing speaks for the positive class. `classifier` is copied, and left as it was.
    Raises RadistillError for a network without such a layer.
    """
    model = LogOdds(copy.deepcopy(classifier).float().cpu().eval(), positive)
    model.requires_grad_(True)  # frozen stages take part too
    side = squares.shape[-1]
    layer = last_spatial(model, side)
    gradcam = LayerGradCam(model, layer)
    maps = []
    for start in range(0, len(squares), BATCH):
        image = torch.from_numpy(to_unit(squares[start : start + BATCH]))
        coarse = gradcam.attribute(image, relu_attributions=True)
        fine = LayerAttribution.interpolate(coarse, (side, side), "bilinear")
        maps.append(fine.detach()[:, 0])
    joined = torch.cat(maps).numpy()
    greatest = joined.max(axis=(1, 2), keepdims=True)
    return np.asarray(np.divide(joined, greatest, out=np.zeros_like(joined), where=greatest > 0))


def last_spatial(model: nn.Module, side: int) -> nn.Module:
    """The module without children that last gives (N, C, h, w) with h and w above 1.

    Raises RadistillError if there is none.
    """
    found: list[nn.Module] = []

    def note(module: nn.Module, _: object, output: object) -> None:
        spatial = isinstance(output, Tensor) and output.ndim == 4 and min(output.shape[2:]) > 1
        if spatial and not isinstance(module, nn.Dropout):
            found.append(module)

    hooks = [m.register_forward_hook(note) for m in model.modules() if not list(m.children())]
    try:
        with torch.no_grad():
            model(torch.zeros(1, 1, side, side))
    finally:
        for hook in hooks:
            hook.remove()
    if not found:
        raise RadistillError("Grad-CAM needs a network with convolutions; this one has no map")
    return found[-1]
