import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from radistill.config import AugmentConfig
from radistill.training.augment import augment, view_keys

STILL = AugmentConfig(rotate=0, shift=0, scale=0, brightness=0, contrast=0, noise=0)
FILMS = np.random.default_rng(0).integers(0, 256, (5, 24, 24), dtype=np.uint8)
SHAS = [f"{i:064x}" for i in range(5)]


def test_no_change_is_the_identity() -> None:
    found = augment(FILMS, view_keys(SHAS, 0, 0), STILL)
    torch.testing.assert_close(found[:, 0], torch.from_numpy(FILMS) / 255, atol=1e-5, rtol=0)


@given(st.permutations(range(5)))
def test_a_view_follows_from_content_and_not_from_position(order: list[int]) -> None:
    all_at_once = augment(FILMS, view_keys(SHAS, 3, 7), AugmentConfig())
    shuffled = augment(FILMS[order], view_keys([SHAS[i] for i in order], 3, 7), AugmentConfig())
    torch.testing.assert_close(shuffled, all_at_once[order])


def test_views_and_seeds_differ() -> None:
    first = augment(FILMS, view_keys(SHAS, 0, 0), AugmentConfig())
    for view, seed in ((1, 0), (0, 1)):
        assert not torch.equal(first, augment(FILMS, view_keys(SHAS, view, seed), AugmentConfig()))


def test_values_stay_in_range() -> None:
    strong = AugmentConfig(brightness=1, contrast=1, noise=1)
    found = augment(FILMS, view_keys(SHAS, 0, 0), strong)
    assert found.min() >= 0
    assert found.max() <= 1


def test_flip_only_mirrors() -> None:
    flip = STILL.model_copy(update={"flip": True})
    found = augment(np.repeat(FILMS[:1], 40, axis=0), view_keys(map(str, range(40)), 0, 0), flip)
    film = torch.from_numpy(FILMS[0]) / 255
    mirrored = [torch.allclose(image[0], film.flip(1), atol=1e-5) for image in found]
    kept = [torch.allclose(image[0], film, atol=1e-5) for image in found]
    assert all(m != k for m, k in zip(mirrored, kept, strict=True))
    assert 5 < sum(mirrored) < 35


def test_the_same_view_at_two_sizes_shows_the_same_film() -> None:
    """A teacher and a student with other input sizes see one view."""
    large = np.kron(np.eye(4, dtype=np.uint8) * 200, np.ones((16, 16), dtype=np.uint8))[None]
    small = np.kron(np.eye(4, dtype=np.uint8) * 200, np.ones((8, 8), dtype=np.uint8))[None]
    quiet = AugmentConfig(noise=0, rotate=30)
    keys = view_keys(SHAS[:1], 0, 0)
    shrunk = torch.nn.functional.avg_pool2d(augment(large, keys, quiet), 2)
    assert (shrunk - augment(small, keys, quiet)).abs().mean() < 0.02
