"""The films of a split as a network takes them: cached pixels with their class indices."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch

from radistill.data.cache import PixelCache
from radistill.data.dataset import Dataset
from radistill.data.manifest import UNLABELLED
from radistill.data.targets import Targets
from radistill.training.random_numbers import content_keys

CPU = torch.device("cpu")
_SHARE = 4  # films stay on a card where they take at most one part in four of what is free


@dataclass(frozen=True)
class Examples:
    """Films of one split, perhaps with films without labels after them.

    shas: content hashes, in manifest order. targets: int64 (N,), indices of the network's
    outputs, -1 of a film without a label. class_of: the reported class of each output. paths:
    as in the manifest, for messages.
    """

    pixels: PixelCache
    shas: tuple[str, ...]
    targets: np.ndarray
    class_of: tuple[int, ...] = (0, 1)
    paths: tuple[str, ...] = ()
    _on_card: dict[torch.device, torch.Tensor | None] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __len__(self) -> int:
        return len(self.shas)

    def squares(self, rows: np.ndarray, device: torch.device = CPU) -> torch.Tensor:
        """uint8 (len(rows), S, S) of the films at `rows`.

        A GPU keeps the whole split where that fits; else they come through pinned memory.
        """
        if device.type != "cuda":
            return self._fetched(rows).to(device)
        if device not in self._on_card:
            free, _ = torch.cuda.mem_get_info(device)
            fits = len(self) * self.pixels.size**2 * _SHARE <= free
            everything = self._fetched(np.arange(len(self))) if fits else None
            self._on_card[device] = None if everything is None else everything.to(device)
        kept = self._on_card[device]
        if kept is None:
            return self._fetched(rows).pin_memory().to(device, non_blocking=True)
        return kept[torch.from_numpy(rows).to(device, non_blocking=True)]

    def _fetched(self, rows: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(self.pixels.batch([self.shas[row] for row in rows]))

    @property
    def classes(self) -> np.ndarray:
        """int64 (N,): the reported class of each film."""
        classes: np.ndarray = np.array(self.class_of, dtype=np.int64)[self.targets]
        return classes

    @cached_property
    def by_content(self) -> np.ndarray:
        """Rows in the order of the content hashes, whatever the order of the manifest."""
        return np.argsort(np.array(self.shas))

    @cached_property
    def keys(self) -> torch.Tensor:
        """int64 (N,), of the films' content: what is drawn for a film follows from it."""
        return content_keys(self.shas)


def examples_of(
    dataset: Dataset, split: str, pixels: PixelCache, targets: Targets, *, unlabelled: bool = False
) -> Examples:
    """The films of one split, and after them those without labels if asked for."""
    films = dataset.split(split) + (dataset.split(UNLABELLED) if unlabelled else [])
    shas = tuple(film.sha256 for film in films)
    paths = tuple(film.path for film in films)
    return Examples(pixels, shas, targets.indices(films), targets.class_of, paths)
