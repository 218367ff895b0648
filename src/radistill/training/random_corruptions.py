"""Random exposure, sharpness, resolution and compression of training images.

A network that relies on compression noise or on one resampling filter sees these vary.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from radistill.config import AugmentConfig
from radistill.training.random_numbers import uniform
from radistill.training.tensor_corruptions import OPERATIONS, convolve

_SHARES = (0.5, 0.65, 0.8)  # of the side
_FILTERS = ("area", "bilinear", "bicubic")


def random_corruptions(images: Tensor, keys: Tensor, config: AugmentConfig) -> Tensor:
    """Change exposure curve, sharpness, resolution and compression of some of the images.

    images: float32 (N, 1, S, S) in [0, 1], on any device. keys: int64 (N,) on the CPU. Draws are
    made for all kinds, so that one setting does not change what another draws.
    """
    if not (config.gamma or config.sharpness or config.resample or config.jpeg):
        return images
    draws = uniform(keys, 7)
    # Chosen on the CPU: a GPU would have to wait to tell how many images a kind changes.
    resampled, compressed = draws[:, 3] < config.resample, draws[:, 5] < config.jpeg
    kinds = torch.where(resampled, (draws[:, 4] * len(_SHARES) * len(_FILTERS)).int(), -1)
    exponents = ((2 * draws[:, 0] - 1) * config.gamma).exp()
    amounts = torch.where(draws[:, 1] < config.sharpness, 2.5 * draws[:, 2] - 1, 0)
    exponents, amounts = torch.stack([exponents, amounts]).to(images.device, non_blocking=True)

    images = OPERATIONS["exposure"](images.clamp(1e-4, 1), exponents)
    images = _sharpen(images, amounts)
    for kind in kinds[resampled].unique().tolist():
        rows = _rows(kinds == kind, images)
        images = images.index_copy(0, rows, _resample(images[rows], kind))
    images = images.clamp(0, 1)
    if compressed.any():
        rows, qualities = _rows(compressed, images), 30 + 66 * draws[compressed, 6]
        images = images.index_copy(0, rows, OPERATIONS["jpeg"](images[rows], qualities))
    return images


def _rows(chosen: Tensor, images: Tensor) -> Tensor:
    return chosen.nonzero().squeeze(1).to(images.device, non_blocking=True)


def _sharpen(images: Tensor, amounts: Tensor) -> Tensor:
    """Unsharp mask: amount -1 is the blurred image, 0 the image, above 0 sharper."""
    blurred = convolve(images, (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16))
    return images + amounts.view(-1, 1, 1, 1) * (images - blurred)


def _resample(images: Tensor, kind: int) -> Tensor:
    """Down to one of `_SHARES` with one of `_FILTERS`, and up again."""
    side = images.shape[-1]
    size = round(side * _SHARES[kind // len(_FILTERS)])
    small = F.interpolate(images, size=size, mode=_FILTERS[kind % len(_FILTERS)])
    return F.interpolate(small, size=side, mode="bilinear", align_corners=False)
