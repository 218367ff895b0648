import numpy as np
import pytest
import torch

from radistill.config import AugmentConfig
from radistill.training.random_corruptions import random_corruptions
from radistill.training.random_numbers import content_keys

SIX = content_keys("abcdef")
KINDS = {"gamma": 0.5, "sharpness": 1.0, "resample": 1.0, "jpeg": 1.0}


@pytest.fixture
def images() -> torch.Tensor:
    return torch.rand(6, 1, 48, 48, generator=torch.Generator().manual_seed(0)) * 0.8 + 0.1


def test_nothing_asked_is_nothing_done(images: torch.Tensor) -> None:
    assert random_corruptions(images, SIX, AugmentConfig()) is images


@pytest.mark.parametrize("kind", KINDS)
def test_each_changes_all_images_and_keeps_the_range(images: torch.Tensor, kind: str) -> None:
    changed = random_corruptions(images, SIX, AugmentConfig(**{kind: KINDS[kind]}))
    assert changed.shape == images.shape
    assert float(changed.min()) >= 0
    assert float(changed.max()) <= 1
    assert (changed - images).abs().amax(dim=(1, 2, 3)).min() > 1e-4


def test_it_depends_on_the_key_alone(images: torch.Tensor) -> None:
    config = AugmentConfig(gamma=0.3, sharpness=0.5, resample=0.5, jpeg=0.5)
    together = random_corruptions(images, SIX, config)
    for key in range(6):
        alone = random_corruptions(images[key : key + 1], SIX[key : key + 1], config)
        assert torch.equal(together[key : key + 1], alone)


def test_about_the_share_that_is_asked_for(images: torch.Tensor) -> None:
    many = images[:1].expand(400, -1, -1, -1)
    changed = random_corruptions(
        many, content_keys([str(number) for number in range(400)]), AugmentConfig(jpeg=0.3)
    )
    share = float(np.mean((changed != many).any(dim=(1, 2, 3)).numpy()))
    assert 0.2 < share < 0.4
