"""Distillation losses: pure functions, one a method.

Each returns one value an image, so that the caller can weight and average them. `relations.py` has
those that compare the images of a batch with each other.
"""

import torch
from torch.nn import functional as F


def kd_loss(student: torch.Tensor, teacher: torch.Tensor, temperature: float) -> torch.Tensor:
    """Hinton, Vinyals and Dean 2015, "Distilling the Knowledge in a Neural Network".

    T^2 * KL(softmax(teacher / T) || softmax(student / T)), summed over classes: averaging over
    elements, as `nn.KLDivLoss()` does by default, would divide by the number of classes too.
    T^2 makes the size of the gradient independent of the temperature.

    student, teacher: logits (N, C). temperature: T > 0. Returns (N,), at least 0.
    """
    log_student = F.log_softmax(student / temperature, dim=1)
    log_teacher = F.log_softmax(teacher / temperature, dim=1)
    divergence = F.kl_div(log_student, log_teacher, reduction="none", log_target=True)
    return divergence.sum(dim=1) * temperature**2


def hint_loss(projected: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor:
    """Romero et al. 2015, "FitNets: Hints for Thin Deep Nets", on the pooled embedding.

    mean over d of (r(student)_d - teacher_d)^2, where r is a learned linear projector. (The
    paper halves it; the weight of the method takes that in.)

    projected, teacher: (N, D), the student's embedding after the projector. Returns (N,).
    """
    return (projected - teacher).square().mean(dim=1)


def attention_loss(student: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor:
    """Zagoruyko and Komodakis 2017, "Paying More Attention to Attention".

    |Q_s / |Q_s| - Q_t / |Q_t||^2 for the maps Q = mean over channels of the squared features.

    student, teacher: maps of length 1, (N, P), from `training.learner.attention_map`. Returns
    (N,), from 0 to 2.
    """
    return (student - teacher).square().sum(dim=1)


def resize_maps(maps: torch.Tensor, positions: int) -> torch.Tensor:
    """Square maps (N, P) at another resolution (N, positions), with length 1 again."""
    if maps.shape[1] == positions:
        return maps
    old, new = round(maps.shape[1] ** 0.5), round(positions**0.5)
    squares = maps.view(-1, 1, old, old)
    resized = F.interpolate(squares, size=new, mode="bilinear", align_corners=False, antialias=True)
    return F.normalize(resized.flatten(1), dim=1)
