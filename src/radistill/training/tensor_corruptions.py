"""What other files and scanners do to a film, as random changes in training.

A network that leans on compression noise or on one resampling filter sees these come and go.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F

from radistill.config import AugmentConfig

_SIZES = (0.5, 0.65, 0.8)  # of the side
_FILTERS = ("area", "bilinear", "bicubic")


def damage(images: torch.Tensor, keys: Sequence[int], config: AugmentConfig) -> torch.Tensor:
    """Change exposure curve, sharpness, resolution and compression of some of the images.

    images: float32 (N, 1, S, S) in [0, 1]; keys: from `view_keys`. Returns the same shape and
    range; what is drawn for an image follows from its key alone.
    """
    if not (config.gamma or config.sharpness or config.resample or config.jpeg):
        return images
    randoms = [np.random.default_rng([key, 1]) for key in keys]
    draws = np.stack([random.random(8) for random in randoms])
    exponents = np.exp(config.gamma * (2 * draws[:, 0] - 1))
    images = images.clamp(1e-4, 1) ** torch.from_numpy(exponents).float().view(-1, 1, 1, 1)
    images = _sharpen(images, draws[:, 1] < config.sharpness, 2.5 * draws[:, 2] - 1)
    images = _resample(images, draws[:, 3] < config.resample, draws[:, 4])
    images = images.clamp(0, 1)
    chosen = np.flatnonzero(draws[:, 5] < config.jpeg)
    if len(chosen):
        qualities = (30 + 66 * draws[chosen, 6]).astype(int)
        images = images.clone()
        images[torch.from_numpy(chosen)] = _jpeg(images[torch.from_numpy(chosen)], qualities)
    return images


def _sharpen(images: torch.Tensor, chosen: np.ndarray, amount: np.ndarray) -> torch.Tensor:
    """Unsharp mask: amount -1 is the blurred image, 0 the image, above 0 sharper."""
    kernel = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0]) / 16
    padded = F.pad(images, (2, 2, 2, 2), mode="replicate")
    blurred = F.conv2d(F.conv2d(padded, kernel.view(1, 1, 1, 5)), kernel.view(1, 1, 5, 1))
    strength = torch.from_numpy(np.where(chosen, amount, 0.0)).float().view(-1, 1, 1, 1)
    return images + strength * (images - blurred)


def _resample(images: torch.Tensor, chosen: np.ndarray, draw: np.ndarray) -> torch.Tensor:
    """Down to one of `_SIZES` with one of `_FILTERS`, and up again."""
    side = images.shape[-1]
    kinds = np.where(chosen, (draw * len(_SIZES) * len(_FILTERS)).astype(int), -1)
    result = images.clone()
    for kind in np.unique(kinds[kinds >= 0]):
        rows = torch.from_numpy(np.flatnonzero(kinds == kind))
        size = round(side * _SIZES[kind // len(_FILTERS)])
        mode = _FILTERS[kind % len(_FILTERS)]
        small = F.interpolate(images[rows], size=size, mode=mode)
        result[rows] = F.interpolate(small, size=side, mode="bilinear", align_corners=False)
    return result


def _jpeg(images: torch.Tensor, qualities: np.ndarray) -> torch.Tensor:
    squares = (images.squeeze(1) * 255).round().to(torch.uint8).numpy()
    pieces = []
    for square, quality in zip(squares, qualities.tolist(), strict=True):
        file = io.BytesIO()
        Image.fromarray(square).save(file, "JPEG", quality=quality)
        pieces.append(np.asarray(Image.open(file)))
    return torch.from_numpy(np.stack(pieces)).unsqueeze(1).float().div_(255)
