"""Fixed, deterministic damage to validation images: what other scanners and files do to a film.

The criterion `worst_auc` is the lowest AUC over these; a network that leans on compression noise
or exposure loses here while plain validation, drawn from the training hospital, sees nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.nn import functional as F


def _blur(images: torch.Tensor) -> torch.Tensor:
    kernel = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0], device=images.device) / 16
    padded = F.pad(images, (2, 2, 2, 2), mode="replicate")
    return F.conv2d(F.conv2d(padded, kernel.view(1, 1, 1, 5)), kernel.view(1, 1, 5, 1))


def _noise(images: torch.Tensor) -> torch.Tensor:
    # One field for all images: the same in every epoch, so that epochs can be compared.
    field = torch.randn(images.shape[1:], generator=torch.Generator().manual_seed(0))
    return (images + 0.05 * field.to(images.device)).clamp(0, 1)


def _coarse(images: torch.Tensor) -> torch.Tensor:
    size = images.shape[-1]
    small = F.interpolate(images, size=size // 2, mode="area")
    return F.interpolate(small, size=size, mode="bilinear", align_corners=False)


CORRUPTIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "blur": _blur,
    "noise": _noise,
    "half resolution": _coarse,
    "low contrast": lambda images: 0.5 * images + 0.25,
    "darker": lambda images: images**1.6,
    "brighter": lambda images: images**0.6,
}
