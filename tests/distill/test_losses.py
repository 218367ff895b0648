import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from radistill.distill.losses import hinton_loss, kd_loss


def logits(seed: int, n: int = 6, classes: int = 3) -> torch.Tensor:
    return torch.randn(n, classes, generator=torch.Generator().manual_seed(seed)) * 3


@given(st.floats(0.5, 20), st.integers(0, 50))
def test_equal_logits_lose_nothing_and_others_something(temperature: float, seed: int) -> None:
    student, teacher = logits(seed), logits(seed + 1)
    torch.testing.assert_close(
        kd_loss(student, student, temperature), torch.zeros(6), atol=1e-4, rtol=0
    )
    assert (kd_loss(student, teacher, temperature) > 0).all()


def test_alpha_0_is_cross_entropy() -> None:
    targets = torch.tensor([0, 1, 2, 0, 1, 2])
    parts = hinton_loss(logits(0), logits(1), targets, temperature=1.0, alpha=0.0)
    expected = F.cross_entropy(logits(0), targets, reduction="none")
    torch.testing.assert_close(parts["total"], expected)


def test_hand_worked_case() -> None:
    """Two classes: teacher (0.8, 0.2) and student (0.5, 0.5) at temperature 1."""
    teacher = torch.log(torch.tensor([[0.8, 0.2]]))
    student = torch.zeros(1, 2)
    expected = 0.8 * math.log(0.8 / 0.5) + 0.2 * math.log(0.2 / 0.5)
    assert float(kd_loss(student, teacher, 1.0)) == pytest.approx(expected, rel=1e-5)
    # Logits doubled and temperature 2: the same distributions, times T squared.
    assert float(kd_loss(2 * student, 2 * teacher, 2.0)) == pytest.approx(4 * expected, rel=1e-5)


def test_it_is_torch_batchmean_and_not_its_default() -> None:
    student, teacher, temperature = logits(0), logits(1), 4.0
    log_student = F.log_softmax(student / temperature, dim=1)
    log_teacher = F.log_softmax(teacher / temperature, dim=1)
    batchmean = torch.nn.KLDivLoss(reduction="batchmean", log_target=True)
    expected = batchmean(log_student, log_teacher) * temperature**2
    torch.testing.assert_close(kd_loss(student, teacher, temperature).mean(), expected)
    default = torch.nn.KLDivLoss(log_target=True)(log_student, log_teacher) * temperature**2
    assert float(expected) == pytest.approx(3 * float(default), rel=1e-4)


def test_gradient_keeps_its_size_at_high_temperature() -> None:
    """Hinton et al. 2015, section 2.1: at high T the gradient tends to that of matching logits."""
    student = logits(0).requires_grad_()
    teacher = logits(1)
    kd_loss(student, teacher, 1e3).sum().backward()
    centred = (student - student.mean(1, keepdim=True)) - (teacher - teacher.mean(1, keepdim=True))
    torch.testing.assert_close(student.grad, centred.detach() / 3, rtol=0.05, atol=0.02)
