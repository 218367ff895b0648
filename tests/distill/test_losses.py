import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from radistill.distill.losses import attention_loss, hint_loss, kd_loss, resize_maps
from radistill.training.learner import attention_map


def logits(seed: int, n: int = 6, classes: int = 3) -> torch.Tensor:
    return torch.randn(n, classes, generator=torch.Generator().manual_seed(seed)) * 3


@given(st.floats(0.5, 20), st.integers(0, 50))
def test_equal_logits_lose_nothing_and_others_something(temperature: float, seed: int) -> None:
    student, teacher = logits(seed), logits(seed + 1)
    torch.testing.assert_close(
        kd_loss(student, student, temperature), torch.zeros(6), atol=1e-4, rtol=0
    )
    assert (kd_loss(student, teacher, temperature) > 0).all()


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


def test_hints_are_the_mean_square() -> None:
    student, teacher = logits(0), logits(1)
    torch.testing.assert_close(hint_loss(student, teacher).mean(), F.mse_loss(student, teacher))
    assert (hint_loss(teacher, teacher) == 0).all()


def test_attention_is_torchdistills() -> None:
    """Its mode 'code' averages over positions too."""
    mid_level = pytest.importorskip("torchdistill.losses.mid_level")
    generator = torch.Generator().manual_seed(0)
    student = torch.randn(4, 5, 6, 6, generator=generator)
    teacher = torch.randn(4, 9, 6, 6, generator=generator)
    oracle = mid_level.ATLoss(at_pairs={}).compute_at_loss(student, teacher)
    ours = attention_loss(attention_map(student), attention_map(teacher))
    assert ours.shape == (4,)
    torch.testing.assert_close(ours.mean() / 36, oracle)


def test_attention_ignores_the_size_of_features_and_ends_at_2() -> None:
    features = torch.randn(3, 5, 4, 4, generator=torch.Generator().manual_seed(0))
    same = attention_loss(attention_map(features), attention_map(7 * features))
    torch.testing.assert_close(same, torch.zeros(3), atol=1e-6, rtol=0)
    one, other = torch.eye(4)[:1], torch.eye(4)[1:2]
    assert float(attention_loss(one, other)) == pytest.approx(2)


def test_maps_of_another_size_keep_their_place() -> None:
    corner = torch.zeros(1, 8, 8)
    corner[0, :4, :4] = 1
    small = resize_maps(attention_map(corner.unsqueeze(1).sqrt()), 16).view(4, 4)
    assert float(small.norm()) == pytest.approx(1)
    assert float(small[:2, :2].square().sum()) > 0.9
