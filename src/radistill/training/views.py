"""A view: an augmented film, fixed by the film's content, the view's number and the seed.

Mixup (Zhang et al. 2018) is part of the view, so that the teacher's outputs can be computed
beforehand for the very images that the student will see (Beyer et al. 2022).
"""

from dataclasses import dataclass

import numpy as np
import torch
from scipy.special import betaincinv
from torch import Tensor

from radistill.config import AugmentConfig
from radistill.training.augment import augment
from radistill.training.examples import CPU, Examples
from radistill.training.random_numbers import salted, uniform

# Pixels drawn at once: what fits the cache of a core, or keeps a card busy.
_PIXELS = {"cpu": 1 << 18, "cuda": 1 << 24}


@dataclass(frozen=True)
class Views:
    """All that decides what is drawn, besides the films.

    count: views of a film, cycled by pass. The partner of a film in mixup may be any film of its
    split. kept: the films as each view shows them, where they have been drawn before.
    """

    count: int
    seed: int
    augmentation: AugmentConfig
    kept: tuple[Examples, ...] = ()

    def of_pass(self, number: int) -> int:
        """The view of pass 1, 2, ... over the films."""
        return (number - 1) % self.count

    def squares(
        self, films: Examples, rows: np.ndarray, view: int, device: torch.device = CPU
    ) -> Tensor:
        """uint8 (N, S, S): the view as teachers and student see it."""
        if self.kept and self.kept[view].shas == films.shas:
            return self.kept[view].squares(rows, device)
        some = max(1, _PIXELS.get(device.type, 1 << 18) // films.pixels.size**2)
        parts = [rows[start : start + some] for start in range(0, len(rows), some)]
        with torch.autocast(device.type, enabled=False):  # mixed precision is for networks
            return torch.cat([self._draw(films, part, view, device) for part in parts])

    def images(
        self, films: Examples, rows: np.ndarray, view: int, device: torch.device = CPU
    ) -> Tensor:
        """float32 (N, 1, S, S) in [0, 1]: the same as a network takes it."""
        return unit(self.squares(films, rows, view, device))

    def targets(self, films: Examples, rows: np.ndarray, view: int) -> Tensor:
        """float32 (N, outputs): one-hot, or mixed as the images are; 0 where there is no label."""
        own = _one_hot(films, rows)
        if not self.augmentation.mixup:
            return own
        partners, shares = self._mixing(films, rows, view)
        return torch.lerp(_one_hot(films, partners), own, shares.view(-1, 1))

    def _draw(self, films: Examples, rows: np.ndarray, view: int, device: torch.device) -> Tensor:
        def drawn(rows: np.ndarray) -> Tensor:
            keys = self._keys(films, rows, view)
            return augment(films.squares(rows, device), keys, self.augmentation)

        images = drawn(rows)
        if self.augmentation.mixup:
            partners, shares = self._mixing(films, rows, view)
            own = shares.to(device, non_blocking=True).view(-1, 1, 1, 1)
            images = torch.lerp(drawn(partners), images, own)
        return images.squeeze(1).mul_(255).round_().to(torch.uint8)

    def _keys(self, films: Examples, rows: np.ndarray, view: int) -> Tensor:
        return salted(films.keys[torch.from_numpy(rows)], f"view {view} of seed {self.seed}")

    def _mixing(self, films: Examples, rows: np.ndarray, view: int) -> tuple[np.ndarray, Tensor]:
        """Rows of the partners, and the share of the film itself in each mixture."""
        draws = uniform(salted(self._keys(films, rows, view), "mixup"), 2).double().numpy()
        alpha = self.augmentation.mixup
        partners = films.by_content[(draws[:, 0] * len(films)).astype(np.int64)]
        return partners, torch.from_numpy(betaincinv(alpha, alpha, draws[:, 1])).float()


def unit(squares: Tensor) -> Tensor:
    """Squares (N, S, S), uint8, to float32 (N, 1, S, S) in [0, 1], as a network takes them."""
    return squares.unsqueeze(1).float().div_(255)


def _one_hot(films: Examples, rows: np.ndarray) -> Tensor:
    outputs = len(films.class_of)
    return torch.eye(outputs + 1, outputs)[films.targets[rows]]  # the last row, of -1, is zeros
