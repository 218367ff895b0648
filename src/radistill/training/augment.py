"""Random changes to radiographs, on batches of cached uint8 where the network is.

Each image's changes follow from its key alone, never from its place in a batch: a view can be drawn
again at any time, by any process, at any size.
"""

import math

import torch
from torch.nn import functional as F

from radistill.config import AugmentConfig
from radistill.training.random_corruptions import random_corruptions
from radistill.training.random_numbers import normal, salted, uniform


def augment(squares: torch.Tensor, keys: torch.Tensor, config: AugmentConfig) -> torch.Tensor:
    """One augmented copy of each image.

    squares: uint8 (N, S, S), on any device. keys: int64 (N,) on the CPU. Returns float32
    (N, 1, S, S) in [0, 1].
    """
    device = squares.device
    draws = (2 * uniform(keys, 9) - 1).to(device, non_blocking=True).view(-1, 9, 1, 1, 1)
    images = squares.unsqueeze(1).float().div_(255)
    images = _move(images, draws.view(-1, 9), config)
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    images = (images - mean).mul_(1 + config.contrast * draws[:, 4])
    images += mean + config.brightness * draws[:, 5]
    if config.noise:
        strength = config.noise * draws[:, 6].abs()
        field = normal(keys.to(device, non_blocking=True), images[0].numel())
        images += strength * field.view_as(images)
    return random_corruptions(images.clamp_(0, 1), salted(keys, "corruptions"), config)


def _move(images: torch.Tensor, draws: torch.Tensor, config: AugmentConfig) -> torch.Tensor:
    """Rotate, scale, stretch, shift, perhaps mirror, in one interpolation; what enters is black."""
    angle = draws[:, 0] * math.radians(config.rotate)
    scale = 1 + config.scale * draws[:, 1]
    width = 1 + config.aspect * draws[:, 8]
    if config.flip:
        width = torch.where(draws[:, 7] < 0, -width, width)
    cosine, sine = angle.cos() * scale, angle.sin() * scale
    # In the grid's coordinates the image spans -1 to 1, so a shift of the side counts twice.
    rows = [cosine * width, -sine, 2 * config.shift * draws[:, 2]]
    rows += [sine * width, cosine, 2 * config.shift * draws[:, 3]]
    matrix = torch.stack(rows, dim=1).view(-1, 2, 3)
    grid = F.affine_grid(matrix, list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, mode="bilinear", align_corners=False)
