import numpy as np
import pytest
import torch
from accelerate import Accelerator

from radistill.config import AugmentConfig
from radistill.distill.teacher_outputs import TeacherOutputCache, cache_teacher_outputs
from radistill.errors import RadistillError
from radistill.models import create
from radistill.training.examples import Examples
from radistill.training.views import Views


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


def compute(teacher, order, folder, views=2, key="k", seed=3, mixup=0.0) -> TeacherOutputCache:
    drawn = Views(views, seed, AugmentConfig(mixup=mixup))
    accelerator = Accelerator(cpu=True)
    return cache_teacher_outputs(
        teacher, films(order), drawn, folder=folder, key=key, accelerator=accelerator
    )


@pytest.mark.parametrize("mixup", [0.0, 0.5])
def test_cached_equals_teacher_on_the_fly(teacher, tmp_path, mixup: float) -> None:
    cached = compute(teacher, [0, 1, 2, 3], tmp_path, mixup=mixup)
    some, rows = films([0, 1, 2, 3]), np.array([2, 0])
    for view in range(2):
        images = Views(2, 3, AugmentConfig(mixup=mixup)).images(some, rows, view)
        with torch.no_grad():
            expected = teacher.eval()(images)
            embedding = teacher.embedding(images)
        kept = cached.lookup(4 * view + torch.from_numpy(rows))
        torch.testing.assert_close(kept.logits, expected, atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(kept.embedding, embedding, atol=1e-2, rtol=1e-2)


def test_averaged_views(teacher, tmp_path) -> None:
    each = compute(teacher, [0, 1, 2, 3], tmp_path, views=3)
    mean = each.with_averaged_views()
    for film in range(4):
        views = 4 * torch.arange(3) + film
        expected = each.lookup(views).logits.mean(dim=0)
        for view in views:
            torch.testing.assert_close(mean.lookup(view).logits, expected)
    assert torch.equal(mean.every.embedding, each.every.embedding)
    assert not torch.allclose(mean.every.logits, each.every.logits)


def test_the_order_of_the_films_does_not_matter(teacher, tmp_path) -> None:
    first = compute(teacher, [0, 1, 2, 3], tmp_path)
    kept = compute(teacher, [3, 1, 0, 2], tmp_path)  # the files of the first call
    order = torch.tensor([3, 1, 0, 2])
    torch.testing.assert_close(
        first.lookup(4 + order).logits, kept.lookup(4 + torch.arange(4)).logits
    )


def test_what_no_method_reads_takes_no_memory(teacher, tmp_path) -> None:
    cached = compute(teacher, [0, 1], tmp_path).on(films([0, 1]), torch.device("cpu"), {"logits"})
    sizes = [part.untyped_storage().nbytes() for part in cached.every]
    assert sizes == [2 * 2 * 2 * 4, 0, 0]  # views, films, outputs, bytes


def test_another_key_computes_anew(teacher, tmp_path) -> None:
    first = compute(teacher, [0, 1], tmp_path)
    with torch.no_grad():
        teacher.head[-1].bias.add_(5)
    same = compute(teacher, [0, 1], tmp_path)
    other = compute(teacher, [0, 1], tmp_path, key="other teacher")
    rows = torch.arange(2)
    expected = first.lookup(rows).logits
    assert torch.equal(expected, same.lookup(rows).logits)
    torch.testing.assert_close(other.lookup(rows).logits, expected + 5)


def test_other_films_are_refused(teacher, tmp_path) -> None:
    cached, here = compute(teacher, [0, 1], tmp_path), torch.device("cpu")
    for order, named in (([0, 0xFFFF], "ffff"), ([1, 0], "another order"), ([0], "another order")):
        with pytest.raises(RadistillError, match=named):
            cached.on(films(order), here, {"logits"})


def test_only_what_is_read_is_put_on_the_device(teacher, tmp_path) -> None:
    cached = compute(teacher, [0, 1], tmp_path)
    there = cached.on(films([0, 1]), torch.device("meta"), {"logits"})
    logits, embedding, attention = there.every
    assert (logits.device.type, len(logits)) == ("meta", 4)
    assert embedding.numel() == attention.numel() == 0


def test_the_teacher_is_frozen_and_in_eval_mode(teacher, tmp_path) -> None:
    compute(teacher, [0], tmp_path, views=1)
    assert not teacher.training
    assert not any(p.requires_grad for p in teacher.parameters())
