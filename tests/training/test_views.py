import numpy as np
import torch

from radistill.config import AugmentConfig
from radistill.training.augment import augment, view_keys
from radistill.training.views import Views

NOTHING = AugmentConfig(rotate=0, shift=0, scale=0, brightness=0, contrast=0, noise=0)


def test_without_mixup_a_view_is_the_augmented_film(films) -> None:
    some, rows = films(8), np.array([3, 1])
    views = Views(2, 7, AugmentConfig())
    keys = view_keys([some.shas[row] for row in rows], 1, 7)
    expected = augment(some.squares(rows), keys, AugmentConfig())
    assert torch.equal(views.images(some, rows, 1), expected)
    assert views.targets(some, rows, 1).argmax(dim=1).tolist() == some.targets[rows].tolist()


def test_images_and_targets_are_mixed_alike(films) -> None:
    """Films of one grey each, so that the share can be read off the image."""
    some = films(20)
    for sha, target in zip(some.shas, some.targets, strict=True):
        some.pixels.squares[sha] = np.full((32, 32), 255 * target, dtype=np.uint8)
    rows = np.arange(20)
    views = Views(1, 0, NOTHING.model_copy(update={"mixup": 0.8}))
    greys = views.images(some, rows, 0).mean(dim=(1, 2, 3))
    torch.testing.assert_close(greys, views.targets(some, rows, 0)[:, 1])
    assert float(greys.std()) > 0.05
    assert ((greys > 0.01) & (greys < 0.99)).any()


def test_a_mixture_does_not_depend_on_batch_or_order(films) -> None:
    """So the teacher's outputs for it can be computed beforehand."""
    some = films(12)
    views = Views(3, 1, AugmentConfig(mixup=0.4))
    together = views.images(some, np.arange(12), 2)
    alone = views.images(some, np.array([5]), 2)
    assert torch.equal(together[5:6], alone)
    turned = type(some)(some.pixels, some.shas[::-1], some.targets[::-1].copy())
    assert torch.equal(views.images(turned, np.array([6]), 2), alone)


def test_views_are_cycled_by_epoch() -> None:
    views = Views(3, 0, NOTHING)
    assert [views.of_epoch(epoch) for epoch in range(1, 8)] == [0, 1, 2, 0, 1, 2, 0]
