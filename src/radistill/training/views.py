"""A view: an augmented film, fixed by the film's content, the view's number and the seed.

Mixup (Zhang et al. 2018) is part of the view, so that the teacher's outputs can be computed
beforehand for the very images that the student will see (Beyer et al. 2022).
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional as F

from radistill.config import AugmentConfig
from radistill.training.augment import augment, view_keys
from radistill.training.examples import Examples


@dataclass(frozen=True)
class Views:
    """All that decides what is drawn, besides the films.

    count: views of a film, cycled by epoch. The partner of a film in mixup may be any film of its
    split.
    """

    count: int
    seed: int
    augmentation: AugmentConfig

    def of_epoch(self, epoch: int) -> int:
        """The view of epoch 1, 2, ..."""
        return (epoch - 1) % self.count

    def images(self, films: Examples, rows: np.ndarray, view: int) -> torch.Tensor:
        """float32 (N, 1, S, S) in [0, 1]."""
        keys = self._keys(films, rows, view)
        images = augment(films.squares(rows), keys, self.augmentation)
        if not self.augmentation.mixup:
            return images
        partners, shares = self._mixing(films, keys)
        their_keys = self._keys(films, partners, view)
        others = augment(films.squares(partners), their_keys, self.augmentation)
        return torch.lerp(others, images, shares.view(-1, 1, 1, 1))

    def targets(self, films: Examples, rows: np.ndarray, view: int) -> torch.Tensor:
        """float32 (N, outputs): one-hot, or mixed as the images are."""
        own = _one_hot(films, rows)
        if not self.augmentation.mixup:
            return own
        partners, shares = self._mixing(films, self._keys(films, rows, view))
        return torch.lerp(_one_hot(films, partners), own, shares.view(-1, 1))

    def _keys(self, films: Examples, rows: np.ndarray, view: int) -> list[int]:
        return view_keys([films.shas[row] for row in rows], view, self.seed)

    def _mixing(self, films: Examples, keys: list[int]) -> tuple[np.ndarray, torch.Tensor]:
        """Rows of the partners, and the share of the film itself in each mixture."""
        draws = [np.random.default_rng(key) for key in keys]
        alpha = self.augmentation.mixup
        shares = [random.beta(alpha, alpha) for random in draws]
        partners = films.by_content[[random.integers(len(films)) for random in draws]]
        return partners, torch.tensor(shares, dtype=torch.float32)


def _one_hot(films: Examples, rows: np.ndarray) -> torch.Tensor:
    return F.one_hot(torch.from_numpy(films.targets[rows]), len(films.class_of)).float()
