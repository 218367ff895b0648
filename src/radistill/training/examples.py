"""The films of a split as a network takes them: cached pixels with their class indices."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from radistill.data.cache import PixelCache
from radistill.data.dataset import Dataset
from radistill.data.targets import Targets


@dataclass(frozen=True)
class Examples:
    """Films of one split.

    shas: content hashes, in manifest order. targets: int64 (N,), indices of the network's
    outputs. class_of: the reported class of each output. paths: as in the manifest, for messages.
    """

    pixels: PixelCache
    shas: tuple[str, ...]
    targets: np.ndarray
    class_of: tuple[int, ...] = (0, 1)
    paths: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.shas)

    def squares(self, rows: np.ndarray) -> np.ndarray:
        """uint8 (len(rows), S, S) of the films at `rows`."""
        return self.pixels.batch([self.shas[row] for row in rows])

    @property
    def classes(self) -> np.ndarray:
        """int64 (N,): the reported class of each film."""
        classes: np.ndarray = np.array(self.class_of, dtype=np.int64)[self.targets]
        return classes

    @cached_property
    def by_content(self) -> np.ndarray:
        """Rows in the order of the content hashes, whatever the order of the manifest."""
        return np.argsort(np.array(self.shas))


def examples_of(dataset: Dataset, split: str, pixels: PixelCache, targets: Targets) -> Examples:
    """The films of one split, ready for training."""
    films = dataset.split(split)
    shas = tuple(film.sha256 for film in films)
    paths = tuple(film.path for film in films)
    return Examples(pixels, shas, targets.indices(films), targets.class_of, paths)
