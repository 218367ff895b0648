"""The corruptions of `radistill.imaging.corruptions` for batches on the device.

Equal to those within three of 255 grey levels. Geometry is left out: training has its own.
"""

import math
from collections.abc import Callable

import numpy as np
import torch
from torch.nn import functional as F

from radistill.imaging.corruptions import CORRUPTIONS, Corruption, Operation, jpeg

# What the criterion `worst_auc` scores validation films under, each at its middle severity.
VALIDATION = tuple(
    kind
    for kind in CORRUPTIONS
    if kind.operation in ("exposure", "contrast", "noise", "blur", "resolution")
)


def corrupt(images: torch.Tensor, kind: Corruption, severity: float) -> torch.Tensor:
    """Corrupted copies of float32 (N, 1, S, S) in [0, 1]. Noise is the same for all images."""
    return OPERATIONS[kind.operation](images, torch.tensor(severity)).clamp(0, 1)


def convolve(images: torch.Tensor, taps: torch.Tensor) -> torch.Tensor:
    """Images (N, 1, S, S) smoothed along both axes by an odd number of taps; edges are repeated."""
    reach = len(taps) // 2
    padded = F.pad(images, (reach,) * 4, mode="replicate")
    return F.conv2d(F.conv2d(padded, taps.view(1, 1, 1, -1)), taps.view(1, 1, -1, 1))


def _noise(images: torch.Tensor, deviation: torch.Tensor) -> torch.Tensor:
    # One field for all images and epochs, so that epochs can be compared.
    field = np.random.default_rng(0).standard_normal(images.shape[-2:])
    return images + deviation * torch.from_numpy(field).to(images)


def _blur(images: torch.Tensor, share: torch.Tensor) -> torch.Tensor:
    """Gaussian, as Pillow: three boxes whose outermost pixels count in part (Gwosdek et al. 2011).

    share: standard deviation, of the side.
    """
    variance = (float(share) * images.shape[-1]) ** 2 / 3
    whole = int((math.sqrt(12 * variance + 1) - 1) / 2)
    part = (2 * whole + 1) * (whole * (whole + 1) - 3 * variance)
    taps = torch.ones(2 * whole + 3, device=images.device)
    taps[[0, -1]] = part / (6 * (variance - (whole + 1) ** 2))
    for _ in range(3):
        images = convolve(images, taps / taps.sum())
    return images


def _resolution(images: torch.Tensor, share: torch.Tensor) -> torch.Tensor:
    side = images.shape[-1]
    small = max(1, round(float(share) * side))
    lower = F.interpolate(images, size=small, mode="bilinear", antialias=True)
    return F.interpolate(lower, size=side, mode="bilinear")


def _jpeg(images: torch.Tensor, quality: torch.Tensor) -> torch.Tensor:
    squares = (images.squeeze(1) * 255).round().to(torch.uint8).cpu().numpy()
    qualities = quality.expand(len(squares)).int().tolist()
    written = [jpeg(square, q) for square, q in zip(squares, qualities, strict=True)]
    return torch.from_numpy(np.stack(written)).unsqueeze(1).to(images).div_(255)


def _column(severity: torch.Tensor) -> torch.Tensor:
    """One number, or one for each image (N,), to be broadcast over images (N, 1, S, S)."""
    return severity.view(-1, 1, 1, 1)


# Operation -> (images, severity or severities (N,)) -> images, perhaps out of range.
OPERATIONS: dict[Operation, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {
    "exposure": lambda images, gamma: images ** _column(gamma),
    "contrast": lambda images, share: 0.5 + _column(share) * (images - 0.5),
    "noise": _noise,
    "blur": _blur,
    "jpeg": _jpeg,
    "resolution": _resolution,
    "invert": lambda images, _: 1 - images,
}
