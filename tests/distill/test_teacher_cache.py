import numpy as np
import pytest
import torch
from accelerate import Accelerator

from radistill.config import AugmentConfig
from radistill.distill.objective import Hinton
from radistill.distill.teacher_cache import TeacherOutputs, teacher_outputs
from radistill.errors import RadistillError
from radistill.models import create
from radistill.training.augment import augment, view_keys
from radistill.training.examples import Examples


class Memory:
    size = 32

    def batch(self, shas: list[str]) -> np.ndarray:
        seeds = [int(sha, 16) for sha in shas]
        return np.stack(
            [np.random.default_rng(s).integers(0, 256, (32, 32), dtype=np.uint8) for s in seeds]
        )


def films(order: list[int]) -> Examples:
    return Examples(Memory(), tuple(f"{i:04x}" for i in order), np.zeros(len(order), np.int64))


@pytest.fixture
def teacher():
    torch.manual_seed(0)
    return create("baseline", classes=2, weights="random", input_size=32, dropout=0.5)[0]


def compute(teacher, order, folder, views=2, key="k", seed=3) -> TeacherOutputs:
    return teacher_outputs(
        teacher, films(order), AugmentConfig(), views=views, seed=seed, folder=folder, key=key,
        accelerator=Accelerator(cpu=True),
    )  # fmt: skip


def test_cached_equals_teacher_on_the_fly(teacher, tmp_path) -> None:
    cached = compute(teacher, [0, 1, 2, 3], tmp_path)
    shas = [f"{i:04x}" for i in (2, 0)]
    for view in range(2):
        images = augment(Memory().batch(shas), view_keys(shas, view, 3), AugmentConfig())
        with torch.no_grad():
            expected = teacher.eval()(images)
        torch.testing.assert_close(cached.lookup(shas, view), expected, atol=1e-5, rtol=1e-4)


def test_the_order_of_the_films_does_not_matter(teacher, tmp_path) -> None:
    first = compute(teacher, [0, 1, 2, 3], tmp_path)
    kept = compute(teacher, [3, 1, 0, 2], tmp_path)  # the files of the first call
    shas = [f"{i:04x}" for i in range(4)]
    torch.testing.assert_close(first.lookup(shas, 1), kept.lookup(shas, 1))


def test_another_key_computes_anew(teacher, tmp_path) -> None:
    first = compute(teacher, [0, 1], tmp_path)
    with torch.no_grad():
        teacher.head[-1].bias.add_(5)
    same = compute(teacher, [0, 1], tmp_path)
    other = compute(teacher, [0, 1], tmp_path, key="other teacher")
    shas = ["0000", "0001"]
    assert torch.equal(first.lookup(shas, 0), same.lookup(shas, 0))
    torch.testing.assert_close(other.lookup(shas, 0), first.lookup(shas, 0) + 5)


def test_an_unknown_film_or_view_is_refused(teacher, tmp_path) -> None:
    cached = compute(teacher, [0, 1], tmp_path)
    with pytest.raises(RadistillError, match="ffff"):
        cached.lookup(["ffff"], 0)
    with pytest.raises(RadistillError):
        cached.lookup(["0000"], 2)


def test_the_teacher_is_frozen_and_in_eval_mode(teacher, tmp_path) -> None:
    compute(teacher, [0], tmp_path, views=1)
    assert not teacher.training
    assert not any(p.requires_grad for p in teacher.parameters())


def test_objective_pairs_each_film_with_its_own_teacher_output() -> None:
    logits = torch.tensor([[2.0, 0.0], [0.0, 2.0]])
    outputs = TeacherOutputs(["a", "b"], [logits])
    objective = Hinton(outputs, temperature=2.0, alpha=1.0)
    targets = torch.zeros(2, dtype=torch.int64)
    swapped = objective(logits[[1, 0]], targets, ["b", "a"], 0)
    torch.testing.assert_close(swapped, torch.zeros(2))
    assert (objective(logits, targets, ["b", "a"], 0) > 0.5).all()
