"""Random changes to radiographs, on batches of cached uint8.

Each image's changes follow from its content hash, the view number and the seed alone, never from
its place in a batch: a view can be drawn again at any time, by any process, at any size. That is
what lets teacher outputs be cached and several machines train as one.
"""

import hashlib
import math
from collections.abc import Sequence

import numpy as np
import torch
from torch.nn import functional as F

from radistill.config import AugmentConfig
from radistill.training.random_corruptions import random_corruptions

_DRAWS = 8  # numbers drawn for each image


def view_keys(shas: Sequence[str], view: int, seed: int) -> list[int]:
    """One 63-bit key an image: the seed of its random changes in this view."""
    salt = f":{view}:{seed}".encode()
    return [
        int.from_bytes(hashlib.blake2b(sha.encode() + salt, digest_size=8).digest()) >> 1
        for sha in shas
    ]


def augment(squares: np.ndarray, keys: Sequence[int], config: AugmentConfig) -> torch.Tensor:
    """Draw one view of each image.

    squares: uint8 (N, S, S). keys: from `view_keys`. Returns float32 (N, 1, S, S) in [0, 1].
    """
    generators = [torch.Generator().manual_seed(key) for key in keys]
    count = _DRAWS + 1 if config.aspect else _DRAWS
    draws = torch.stack([torch.rand(count, generator=g) for g in generators]) * 2 - 1
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
    return random_corruptions(images.clamp_(0, 1), keys, config)


def _move(images: torch.Tensor, draws: torch.Tensor, config: AugmentConfig) -> torch.Tensor:
    """Rotate, scale, stretch, shift, perhaps mirror, in one interpolation; what enters is black."""
    angle = draws[:, 0] * math.radians(config.rotate)
    scale = 1 + config.scale * draws[:, 1]
    mirror = torch.where(draws[:, 7] < 0, -1.0, 1.0) if config.flip else torch.ones_like(angle)
    cosine, sine = angle.cos() * scale, angle.sin() * scale
    width = mirror * (1 + config.aspect * draws[:, 8]) if config.aspect else mirror
    # In the grid's coordinates the image spans -1 to 1, so a shift of the side counts twice.
    rows = [cosine * width, -sine, 2 * config.shift * draws[:, 2]]
    rows += [sine * width, cosine, 2 * config.shift * draws[:, 3]]
    matrix = torch.stack(rows, dim=1).view(-1, 2, 3)
    grid = F.affine_grid(matrix, list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, mode="bilinear", align_corners=False)
