import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from radistill.distill.relations import dist_loss, rkd_angle_loss, rkd_distance_loss


def embeddings(seed: int, n: int = 7, d: int = 5) -> torch.Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed))


@given(st.integers(0, 30), st.floats(0.1, 10))
def test_relations_ignore_rotation_and_size(seed: int, size: float) -> None:
    x = embeddings(seed)
    rotation, _ = torch.linalg.qr(embeddings(seed + 1, 5, 5))
    moved = size * x @ rotation + 3
    zero = torch.zeros(7)
    torch.testing.assert_close(rkd_distance_loss(moved, x), zero, atol=1e-3, rtol=0)
    torch.testing.assert_close(rkd_angle_loss(moved, x), zero, atol=1e-3, rtol=0)
    other = embeddings(seed + 2)
    assert (rkd_distance_loss(other, x) > 0).all()
    assert (rkd_angle_loss(other, x) > 0).all()


def test_they_are_torchdistills() -> None:
    mid_level = pytest.importorskip("torchdistill.losses.mid_level")
    student, teacher = embeddings(0), embeddings(1, d=9)
    rkd = mid_level.RKDLoss("", "", 1.0, 1.0, "mean")
    torch.testing.assert_close(
        rkd_distance_loss(student, teacher).mean(), rkd.compute_rkd_distance_loss(teacher, student)
    )
    torch.testing.assert_close(
        rkd_angle_loss(student, teacher).mean(), rkd.compute_rkd_angle_loss(teacher, student)
    )
    oracle = mid_level.DISTLoss(".", "output", ".", "output", tau=2.0)
    logits, theirs = embeddings(2, d=3), embeddings(3, d=3)
    torch.testing.assert_close(
        dist_loss(logits, theirs, 2.0).mean(),
        oracle({".": {"output": logits}}, {".": {"output": theirs}}),
    )


def test_gradients_are_finite_where_two_images_are_alike() -> None:
    student = embeddings(0)
    student[1] = student[0]
    student.requires_grad_()
    for loss in (rkd_distance_loss, rkd_angle_loss):
        loss(student, embeddings(1)).sum().backward()
    assert torch.isfinite(student.grad).all()


def test_dist_within_an_image_is_all_or_nothing_on_two_classes() -> None:
    """Why it needs three: two probabilities correlate at 1 or at -1 only."""
    student, teacher = torch.tensor([[[0.0, 2], [1, 0]], [[0, 9], [0.1, 0]]])
    agree = dist_loss(student, teacher)
    # Over the two images the classes correlate at 1 too.
    torch.testing.assert_close(agree, torch.zeros(2), atol=1e-5, rtol=0)
