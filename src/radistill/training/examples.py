"""What a network is trained and scored on: cached pixels with their class indices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from radistill.data.dataset import Dataset


class Pixels(Protocol):
    """Squares by content hash; `radistill.data.cache.PixelCache` is one."""

    @property
    def size(self) -> int:
        """S, the side in pixels."""
        ...

    def batch(self, shas: Sequence[str]) -> np.ndarray:
        """uint8 (N, S, S)."""
        ...


@dataclass(frozen=True)
class Examples:
    """Films of one split.

    shas: content hashes, in manifest order. targets: int64 (N,), class indices.
    """

    pixels: Pixels
    shas: tuple[str, ...]
    targets: np.ndarray

    def __len__(self) -> int:
        return len(self.shas)

    def squares(self, rows: np.ndarray) -> np.ndarray:
        """uint8 (len(rows), S, S) of the films at `rows`."""
        return self.pixels.batch([self.shas[row] for row in rows])


def examples_of(dataset: Dataset, split: str, pixels: Pixels) -> Examples:
    """The films of one split, ready for training."""
    films = dataset.split(split)
    targets = np.array([dataset.classes.index(film.label) for film in films], dtype=np.int64)
    return Examples(pixels, tuple(film.sha256 for film in films), targets)
