"""Random exposure, sharpness, resolution and compression of training images.

A network that relies on compression noise or on one resampling filter sees these vary.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch.nn import functional as F

from radistill.config import AugmentConfig
from radistill.training.tensor_corruptions import OPERATIONS, convolve

_SHARES = (0.5, 0.65, 0.8)  # of the side
_FILTERS = ("area", "bilinear", "bicubic")


def random_corruptions(
    images: torch.Tensor, keys: Sequence[int], config: AugmentConfig
) -> torch.Tensor:
    """Change exposure curve, sharpness, resolution and compression of some of the images.

    images: float32 (N, 1, S, S) in [0, 1]; keys: from `view_keys`. Returns the same shape and
    range; what is drawn for an image follows from its key alone.
    """
    if not (config.gamma or config.sharpness or config.resample or config.jpeg):
        return images
    draws = np.stack([np.random.default_rng([key, 1]).random(8) for key in keys])
    exponents = np.exp(config.gamma * (2 * draws[:, 0] - 1))
    images = OPERATIONS["exposure"](images.clamp(1e-4, 1), torch.from_numpy(exponents).float())
    images = _sharpen(images, draws[:, 1] < config.sharpness, 2.5 * draws[:, 2] - 1)
    images = _resample(images, draws[:, 3] < config.resample, draws[:, 4]).clamp(0, 1)
    chosen = torch.from_numpy(np.flatnonzero(draws[:, 5] < config.jpeg))
    if len(chosen):
        qualities = torch.from_numpy(30 + 66 * draws[:, 6])[chosen]
        images = images.index_copy(0, chosen, OPERATIONS["jpeg"](images[chosen], qualities))
    return images


def _sharpen(images: torch.Tensor, chosen: np.ndarray, amount: np.ndarray) -> torch.Tensor:
    """Unsharp mask: amount -1 is the blurred image, 0 the image, above 0 sharper."""
    blurred = convolve(images, torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0]) / 16)
    strength = torch.from_numpy(np.where(chosen, amount, 0.0)).float().view(-1, 1, 1, 1)
    return images + strength * (images - blurred)


def _resample(images: torch.Tensor, chosen: np.ndarray, draw: np.ndarray) -> torch.Tensor:
    """Down to one of `_SHARES` with one of `_FILTERS`, and up again."""
    side = images.shape[-1]
    kinds = np.where(chosen, (draw * len(_SHARES) * len(_FILTERS)).astype(int), -1)
    result = images.clone()
    for kind in np.unique(kinds[kinds >= 0]):
        rows = torch.from_numpy(np.flatnonzero(kinds == kind))
        size = round(side * _SHARES[kind // len(_FILTERS)])
        small = F.interpolate(images[rows], size=size, mode=_FILTERS[kind % len(_FILTERS)])
        result[rows] = F.interpolate(small, size=side, mode="bilinear", align_corners=False)
    return result
