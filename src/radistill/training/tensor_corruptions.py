"""The corruptions of `radistill.imaging.corruptions` for batches on the device.

Equal to those within three of 255 grey levels, JPEG but for a few blocks. Geometry is left out:
training has its own.
"""

import math
from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import torch
from torch.nn import functional as F

from radistill.imaging.corruptions import CORRUPTIONS, Corruption, Operation

# What the criterion `worst_auc` scores validation films under, each at its middle severity.
VALIDATION = tuple(
    kind
    for kind in CORRUPTIONS
    if kind.operation in ("exposure", "contrast", "noise", "blur", "resolution")
)


def corrupt(images: torch.Tensor, kind: Corruption, severity: float) -> torch.Tensor:
    """Corrupted copies of float32 (N, 1, S, S) in [0, 1]. Noise is the same for all images."""
    return OPERATIONS[kind.operation](images, torch.tensor(severity)).clamp(0, 1)


def convolve(images: torch.Tensor, taps: Sequence[float]) -> torch.Tensor:
    """Images (N, 1, S, S) smoothed along both axes by an odd number of taps; edges are repeated.

    Sums of shifted images: faster than a convolution of one channel, and exact on every device.
    """
    side, reach = images.shape[-1], len(taps) // 2
    for dim, pad in ((2, (0, 0, reach, reach)), (3, (reach, reach, 0, 0))):
        padded = F.pad(images, pad, mode="replicate")
        images = padded.narrow(dim, 0, side) * taps[0]
        for start, tap in enumerate(taps[1:], 1):
            images.add_(padded.narrow(dim, start, side), alpha=tap)
    return images


@cache
def _field(side: int) -> torch.Tensor:
    """One field of noise for all images and epochs, so that epochs can be compared."""
    return torch.from_numpy(np.random.default_rng(0).standard_normal((side, side))).float()


def _noise(images: torch.Tensor, deviation: torch.Tensor) -> torch.Tensor:
    return images + deviation * _field(images.shape[-1]).to(images.device)


def _blur(images: torch.Tensor, share: torch.Tensor) -> torch.Tensor:
    """Gaussian, as Pillow: three boxes whose outermost pixels count in part (Gwosdek et al. 2011).

    share: standard deviation, of the side.
    """
    variance = (float(share) * images.shape[-1]) ** 2 / 3
    whole = int((math.sqrt(12 * variance + 1) - 1) / 2)
    part = (2 * whole + 1) * (whole * (whole + 1) - 3 * variance)
    part /= 6 * (variance - (whole + 1) ** 2)
    taps = [part, *[1.0] * (2 * whole + 1), part]
    for _ in range(3):
        images = convolve(images, [tap / sum(taps) for tap in taps])
    return images


def _resolution(images: torch.Tensor, share: torch.Tensor) -> torch.Tensor:
    side = images.shape[-1]
    small = max(1, round(float(share) * side))
    lower = F.interpolate(images, size=small, mode="bilinear", antialias=True)
    return F.interpolate(lower, size=side, mode="bilinear")


# Quantisation of luminance at quality 50: ITU-T T.81, table K.1.
_LUMINANCE = torch.tensor(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ]
)


@cache
def _cosines(device: torch.device) -> torch.Tensor:
    """The orthonormal discrete cosine transform of 8 values: coefficients = matrix @ values."""
    place = torch.arange(8, dtype=torch.float64)
    matrix = torch.cos(math.pi / 8 * place.view(8, 1) * (place + 0.5)) / 2
    matrix[0] /= math.sqrt(2)
    return matrix.float().to(device)


def _jpeg(images: torch.Tensor, quality: torch.Tensor) -> torch.Tensor:
    """What rounding of its coefficients leaves of an image; the table is scaled as libjpeg does.

    quality: 1 to 100, of all images or (N,); whole numbers count.
    """
    side = images.shape[-1]
    quality = quality.floor()
    percent = torch.where(quality < 50, (5000 / quality).floor(), 200 - 2 * quality)
    table = ((_LUMINANCE * percent.view(-1, 1, 1) + 50) / 100).floor().clamp(1, 255)
    table = table.view(-1, 1, 1, 8, 1, 8).to(images.device, non_blocking=True)
    beyond = -side % 8
    padded = F.pad(images, (0, beyond, 0, beyond), mode="replicate")
    blocks = ((padded * 255).round() - 128).unflatten(3, (-1, 8)).unflatten(2, (-1, 8))
    cosines = _cosines(images.device)
    across = (blocks @ cosines.T).transpose(3, 5)  # dimension 3 is a block's column now, 5 its row
    # libjpeg has coefficients in eighths, and rounds a half away from zero.
    exact = ((across @ cosines.T).transpose(3, 5) * 8).round_() / 8
    coefficients = (exact.abs() / table + 0.5).floor_().copysign_(exact) * table
    down = (coefficients.transpose(3, 5) @ cosines).transpose(3, 5)
    levels = (down @ cosines).flatten(4, 5).flatten(2, 3)[..., :side, :side] + 128
    compressed: torch.Tensor = (levels.round() / 255).clamp(0, 1)
    return compressed


def _column(severity: torch.Tensor, images: torch.Tensor) -> torch.Tensor:
    """One number, or one for each image (N,), to be broadcast over images (N, 1, S, S)."""
    return severity.view(-1, 1, 1, 1).to(images.device, non_blocking=True)


# Operation -> (images, severity or severities (N,)) -> images, perhaps out of range.
OPERATIONS: dict[Operation, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {
    "exposure": lambda images, gamma: images ** _column(gamma, images),
    "contrast": lambda images, share: 0.5 + _column(share, images) * (images - 0.5),
    "noise": _noise,
    "blur": _blur,
    "jpeg": _jpeg,
    "resolution": _resolution,
    "invert": lambda images, _: 1 - images,
}
