import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from radistill.config import AugmentConfig
from radistill.training.augment import augment
from radistill.training.random_numbers import content_keys, salted

STILL = AugmentConfig(rotate=0, shift=0, scale=0, brightness=0, contrast=0, noise=0)
ALL = AugmentConfig(aspect=0.2, gamma=0.6, sharpness=0.5, resample=0.5, jpeg=0.5, flip=True)
FILMS = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (9, 24, 24), dtype=np.uint8))
KEYS = content_keys([f"{i:064x}" for i in range(9)])


def test_no_change_is_the_identity() -> None:
    augmented = augment(FILMS, KEYS, STILL)
    torch.testing.assert_close(augmented[:, 0], FILMS / 255, atol=1e-5, rtol=0)


@given(st.permutations(range(9)), st.integers(1, 9))
def test_a_view_follows_from_content_and_not_from_its_place_in_the_batch(
    order: list[int], count: int
) -> None:
    some = order[:count]
    assert torch.equal(augment(FILMS[some], KEYS[some], ALL), augment(FILMS, KEYS, ALL)[some])


def test_views_and_seeds_differ() -> None:
    first = augment(FILMS, KEYS, AugmentConfig())
    assert not torch.equal(first, augment(FILMS, salted(KEYS, "another"), AugmentConfig()))


def test_values_stay_in_range() -> None:
    strong = AugmentConfig(brightness=1, contrast=1, noise=1)
    augmented = augment(FILMS, KEYS, strong)
    assert augmented.min() >= 0
    assert augmented.max() <= 1


def test_flip_only_mirrors() -> None:
    flip = STILL.model_copy(update={"flip": True})
    keys = content_keys([str(number) for number in range(40)])
    augmented = augment(FILMS[:1].expand(40, -1, -1), keys, flip)
    film = FILMS[0] / 255
    mirrored = [torch.allclose(image[0], film.flip(1), atol=1e-5) for image in augmented]
    kept = [torch.allclose(image[0], film, atol=1e-5) for image in augmented]
    assert all(m != k for m, k in zip(mirrored, kept, strict=True))
    assert 5 < sum(mirrored) < 35


def test_the_same_view_at_two_sizes_shows_the_same_film() -> None:
    """A teacher and a student with other input sizes see one view."""
    large = torch.eye(4).kron(torch.full((16, 16), 200.0)).to(torch.uint8)[None]
    small = torch.eye(4).kron(torch.full((8, 8), 200.0)).to(torch.uint8)[None]
    quiet = AugmentConfig(noise=0, rotate=30)
    shrunk = torch.nn.functional.avg_pool2d(augment(large, KEYS[:1], quiet), 2)
    assert (shrunk - augment(small, KEYS[:1], quiet)).abs().mean() < 0.02
