"""The decoded films of a run, found by their paths in its manifest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from radistill.data.cache import PixelCache, open_cache
from radistill.data.manifest import Film, read_manifest

Squares = Callable[[Sequence[str]], np.ndarray]  # paths -> uint8 (N, S, S)


@dataclass(frozen=True)
class DecodedFilms:
    """shas: path of a film -> its sha256. caches: the squares by size."""

    shas: Mapping[str, str]
    caches: Mapping[int, PixelCache]

    @classmethod
    def of(cls, films: Iterable[Film], caches: Mapping[int, PixelCache]) -> DecodedFilms:
        return cls({film.path: film.sha256 for film in films}, caches)

    @classmethod
    def of_run(cls, run: Path) -> DecodedFilms | None:
        """From manifest.csv and cache/; None where one of them is gone."""
        sizes = [int(file.stem.split("-")[1]) for file in (run / "cache").glob("squares-*.json")]
        caches = {size: cache for size in sizes if (cache := open_cache(run / "cache", size))}
        if not caches or not (run / "manifest.csv").is_file():
            return None
        return cls.of(read_manifest(run / "manifest.csv"), caches)

    def at(self, size: int) -> Squares:
        """The films at this size. Raises KeyError if they were not decoded at it."""
        cache = self.caches[size]
        return lambda paths: cache.batch([self.shas[path] for path in paths])

    def thumbnail(self, path: str) -> np.ndarray:
        """The film at the largest size there is, uint8 (S, S)."""
        square: np.ndarray = self.at(max(self.caches))([path])[0]
        return square

    def exposure(self, path: str) -> float:
        """Mean grey of the film, 0 to 255."""
        return float(self.thumbnail(path).mean())
