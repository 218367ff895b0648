"""Distillation losses: pure functions, one a method.

Each returns one value an image, so that the caller can weight and average them; nothing here
holds state or sees a network.
"""

from __future__ import annotations

import torch
from torch.nn import functional as F


def kd_loss(student: torch.Tensor, teacher: torch.Tensor, temperature: float) -> torch.Tensor:
    """Hinton, Vinyals and Dean 2015, "Distilling the Knowledge in a Neural Network".

    T^2 * KL(softmax(teacher / T) || softmax(student / T)), summed over classes: averaging over
    elements, as `nn.KLDivLoss()` does by default, would divide by the number of classes too.
    T^2 keeps the size of the gradient the same for every temperature.

    student, teacher: logits (N, C). temperature: T > 0. Returns (N,), at least 0.
    """
    log_student = F.log_softmax(student / temperature, dim=1)
    log_teacher = F.log_softmax(teacher / temperature, dim=1)
    divergence = F.kl_div(log_student, log_teacher, reduction="none", log_target=True)
    return divergence.sum(dim=1) * temperature**2


def hinton_loss(
    student: torch.Tensor,
    teacher: torch.Tensor,
    targets: torch.Tensor,
    *,
    temperature: float,
    alpha: float,
    label_smoothing: float = 0.0,
) -> dict[str, torch.Tensor]:
    """alpha * kd_loss + (1 - alpha) * cross-entropy, as named parts with their `total`.

    student, teacher: logits (N, C). targets: int64 (N,). alpha: in [0, 1], the teacher's share.
    Returns `soft`, `hard` and `total`, each (N,).
    """
    soft = kd_loss(student, teacher, temperature)
    hard = F.cross_entropy(student, targets, reduction="none", label_smoothing=label_smoothing)
    return {"soft": soft, "hard": hard, "total": alpha * soft + (1 - alpha) * hard}
