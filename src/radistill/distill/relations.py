"""Distillation of how the images of a batch relate to each other; one value an image.

Under several processes a batch is the part of one process.
"""

import torch
from torch.nn import functional as F


def rkd_distance_loss(student: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor:
    """Park et al. 2019, "Relational Knowledge Distillation", distance-wise.

    Huber loss between the distances of all pairs, each divided by the mean distance of its own
    network, so that the sizes of the embeddings need not agree.

    student (N, D), teacher (N, E): embeddings, N at least 2. Returns (N,), for each image the
    mean over its pairs.
    """
    return F.smooth_l1_loss(_distances(student), _distances(teacher), reduction="none").mean(dim=1)


def rkd_angle_loss(student: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor:
    """Park et al. 2019, angle-wise: Huber loss between the cosines at each image of all triples.

    student (N, D), teacher (N, E): embeddings. Returns (N,), for each image the mean over the
    triples with their vertex there. Memory grows with the cube of N.
    """
    return F.smooth_l1_loss(_cosines(student), _cosines(teacher), reduction="none").mean(dim=(1, 2))


def dist_loss(
    student: torch.Tensor, teacher: torch.Tensor, temperature: float = 1.0
) -> torch.Tensor:
    """Huang et al. 2022, "Knowledge Distillation from A Stronger Teacher" (DIST).

    T^2 * ((1 - correlation within each image, over classes) + (1 - mean over classes of the
    correlation over images)) of the probabilities at temperature T. On two classes the first
    part can only be 0 or 2, without information: use it with three or more.

    student, teacher: logits (N, C), N at least 2. Returns (N,); the second part is the same for
    all images.
    """
    p = (student / temperature).softmax(dim=1)
    q = (teacher / temperature).softmax(dim=1)
    inter = 1 - _correlation(p, q)
    intra = 1 - _correlation(p.t(), q.t()).mean()
    return temperature**2 * (inter + intra)


def _distances(x: torch.Tensor) -> torch.Tensor:
    """Euclidean distances (N, N) over the mean of those that are not zero."""
    square = x.square().sum(dim=1)
    gram = square[:, None] + square[None, :] - 2 * x @ x.t()
    # The gradient of a root at zero is infinite, and every image is at zero from itself.
    away = 1 - torch.eye(len(x), device=x.device)
    distances = gram.clamp_min(1e-12).sqrt() * away
    return distances / (distances.sum() / (distances > 0).sum())


def _cosines(x: torch.Tensor) -> torch.Tensor:
    """(N, N, N): at image i the cosine of the angle between the directions to j and to k."""
    directions = F.normalize(x[None, :, :] - x[:, None, :], dim=2)
    return directions @ directions.transpose(1, 2)


def _correlation(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Pearson's correlation of the rows of `a` and `b`."""
    a = a - a.mean(dim=1, keepdim=True)
    b = b - b.mean(dim=1, keepdim=True)
    return F.cosine_similarity(a, b, dim=1)
