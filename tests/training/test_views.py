import numpy as np
import torch

from radistill.config import AugmentConfig
from radistill.training.augment import augment
from radistill.training.random_numbers import salted
from radistill.training.views import _PIXELS, Views

NOTHING = AugmentConfig(rotate=0, shift=0, scale=0, brightness=0, contrast=0, noise=0)


def test_without_mixup_a_view_is_the_augmented_film_in_bytes(films) -> None:
    some, rows = films(8), np.array([3, 1])
    views = Views(2, 7, AugmentConfig())
    keys = salted(some.keys[torch.from_numpy(rows)], "view 1 of seed 7")
    augmented = augment(some.squares(rows), keys, AugmentConfig())
    squares = views.squares(some, rows, 1)
    assert squares.dtype == torch.uint8
    torch.testing.assert_close(squares.unsqueeze(1) / 255, augmented, atol=0.51 / 255, rtol=0)
    assert torch.equal(views.images(some, rows, 1), squares.unsqueeze(1) / 255)
    assert views.targets(some, rows, 1).argmax(dim=1).tolist() == some.targets[rows].tolist()


def test_other_views_and_seeds_show_something_else(films) -> None:
    some, rows = films(4), np.arange(4)
    drawn = [
        Views(2, seed, AugmentConfig()).squares(some, rows, view)
        for seed, view in ((0, 0), (0, 1), (1, 0))
    ]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert (drawn[one] != drawn[other]).float().mean() > 0.5


def test_many_films_are_drawn_in_parts(films, monkeypatch) -> None:
    some, rows, views = films(12), np.arange(12), Views(1, 0, AugmentConfig(jpeg=0.5, mixup=0.3))
    whole = views.squares(some, rows, 0)
    monkeypatch.setitem(_PIXELS, "cpu", 5 * 32**2)
    assert torch.equal(views.squares(some, rows, 0), whole)


def test_images_and_targets_are_mixed_alike(films) -> None:
    """Films of one grey each, so that the share can be read off the image."""
    some = films(20)
    for sha, target in zip(some.shas, some.targets, strict=True):
        some.pixels.squares[sha] = np.full((32, 32), 255 * target, dtype=np.uint8)
    rows = np.arange(20)
    views = Views(1, 0, NOTHING.model_copy(update={"mixup": 0.8}))
    greys = views.images(some, rows, 0).mean(dim=(1, 2, 3))
    torch.testing.assert_close(greys, views.targets(some, rows, 0)[:, 1], atol=1 / 255, rtol=0)
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


def test_views_are_cycled_by_pass() -> None:
    views = Views(3, 0, NOTHING)
    assert [views.of_pass(number) for number in range(1, 8)] == [0, 1, 2, 0, 1, 2, 0]


def test_mixed_precision_of_the_network_does_not_reach_what_it_sees(films) -> None:
    some, rows, views = films(8), np.arange(8), Views(1, 0, AugmentConfig(rotate=20, jpeg=1.0))
    with torch.autocast("cpu", torch.bfloat16):
        seen = views.squares(some, rows, 0)
    assert torch.equal(seen, views.squares(some, rows, 0))


def test_a_film_without_a_label_has_no_target(films) -> None:
    some = films(12)
    some.targets[::3] = -1
    rows = np.arange(12)
    plain = Views(1, 0, NOTHING).targets(some, rows, 0)
    assert plain.sum(dim=1).tolist() == [float(target >= 0) for target in some.targets]
    mixed = Views(1, 0, NOTHING.model_copy(update={"mixup": 0.8})).targets(some, rows, 0)
    assert ((mixed.sum(dim=1) > 0.01) & (mixed.sum(dim=1) < 0.99)).any()
