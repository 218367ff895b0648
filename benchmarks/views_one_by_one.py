"""Views as they were drawn before: each image from random generators of its own, on the CPU.

Kept to be measured beside `radistill.training.augment`; nothing else uses it.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence

import numpy as np
import torch
from torch.nn import functional as F

from radistill.config import AugmentConfig
from radistill.imaging.corruptions import jpeg

_SHARES = (0.5, 0.65, 0.8)  # of the side
_FILTERS = ("area", "bilinear", "bicubic")


def view_keys(shas: Sequence[str], view: int, seed: int) -> list[int]:
    """One 63-bit key an image: the seed of its random changes in this view."""
    salt = f":{view}:{seed}".encode()
    return [
        int.from_bytes(hashlib.blake2b(sha.encode() + salt, digest_size=8).digest()) >> 1
        for sha in shas
    ]


def augment(squares: np.ndarray, keys: Sequence[int], config: AugmentConfig) -> torch.Tensor:
    """uint8 (N, S, S) -> float32 (N, 1, S, S) in [0, 1]: one view of each image."""
    generators = [torch.Generator().manual_seed(key) for key in keys]
    draws = torch.stack([torch.rand(9, generator=g) for g in generators]) * 2 - 1
    images = torch.from_numpy(squares).unsqueeze(1).float().div_(255)
    images = _move(images, draws, config)
    contrast = 1 + config.contrast * draws[:, 4].view(-1, 1, 1, 1)
    brightness = config.brightness * draws[:, 5].view(-1, 1, 1, 1)
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    images = (images - mean) * contrast + mean + brightness
    if config.noise:
        strength = config.noise * draws[:, 6].abs().view(-1, 1, 1, 1)
        shape = images.shape[1:]
        noise = torch.stack([torch.randn(shape, generator=g) for g in generators])
        images = images + strength * noise
    return _corruptions(images.clamp_(0, 1), keys, config)


def _move(images: torch.Tensor, draws: torch.Tensor, config: AugmentConfig) -> torch.Tensor:
    angle = draws[:, 0] * math.radians(config.rotate)
    scale = 1 + config.scale * draws[:, 1]
    cosine, sine = angle.cos() * scale, angle.sin() * scale
    width = 1 + config.aspect * draws[:, 8]
    rows = [cosine * width, -sine, 2 * config.shift * draws[:, 2]]
    rows += [sine * width, cosine, 2 * config.shift * draws[:, 3]]
    matrix = torch.stack(rows, dim=1).view(-1, 2, 3)
    grid = F.affine_grid(matrix, list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, mode="bilinear", align_corners=False)


def _corruptions(images: torch.Tensor, keys: Sequence[int], config: AugmentConfig) -> torch.Tensor:
    if not (config.gamma or config.sharpness or config.resample or config.jpeg):
        return images
    draws = np.stack([np.random.default_rng([key, 1]).random(8) for key in keys])
    exponents = torch.from_numpy(np.exp(config.gamma * (2 * draws[:, 0] - 1))).float()
    images = images.clamp(1e-4, 1) ** exponents.view(-1, 1, 1, 1)
    images = _sharpen(images, draws[:, 1] < config.sharpness, 2.5 * draws[:, 2] - 1)
    images = _resample(images, draws[:, 3] < config.resample, draws[:, 4]).clamp(0, 1)
    for row in np.flatnonzero(draws[:, 5] < config.jpeg):
        square = (images[row, 0] * 255).round().to(torch.uint8).numpy()
        images[row, 0] = torch.tensor(jpeg(square, int(30 + 66 * draws[row, 6]))) / 255
    return images


def _sharpen(images: torch.Tensor, chosen: np.ndarray, amount: np.ndarray) -> torch.Tensor:
    taps = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0]) / 16
    padded = F.pad(images, (2,) * 4, mode="replicate")
    blurred = F.conv2d(F.conv2d(padded, taps.view(1, 1, 1, -1)), taps.view(1, 1, -1, 1))
    strength = torch.from_numpy(np.where(chosen, amount, 0.0)).float().view(-1, 1, 1, 1)
    return images + strength * (images - blurred)


def _resample(images: torch.Tensor, chosen: np.ndarray, draw: np.ndarray) -> torch.Tensor:
    side = images.shape[-1]
    kinds = np.where(chosen, (draw * len(_SHARES) * len(_FILTERS)).astype(int), -1)
    result = images.clone()
    for kind in np.unique(kinds[kinds >= 0]):
        rows = torch.from_numpy(np.flatnonzero(kinds == kind))
        size = round(side * _SHARES[kind // len(_FILTERS)])
        small = F.interpolate(images[rows], size=size, mode=_FILTERS[kind % len(_FILTERS)])
        result[rows] = F.interpolate(small, size=side, mode="bilinear", align_corners=False)
    return result
