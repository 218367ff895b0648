"""Small data sets on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

WriteFilms = Callable[[Path, Iterable[str]], Path]


@pytest.fixture
def write_films() -> WriteFilms:
    """Write a small film of its own at each path under a folder; returns the folder."""

    def write(root: Path, paths: Iterable[str]) -> Path:
        for path in paths:
            film = root / path
            film.parent.mkdir(parents=True, exist_ok=True)
            rng = np.random.default_rng(list(path.encode()))
            coarse = Image.fromarray(rng.integers(0, 256, (6, 6), dtype=np.uint8))
            coarse.resize((36, 30), Image.Resampling.BICUBIC).save(film, "PNG")
        return root

    return write


@pytest.fixture
def kaggle_names() -> list[str]:
    """Paths in Kaggle's layout: two films of each of many patients, test patients apart."""
    names = []
    for split, numbers in (("train", range(1, 11)), ("test", range(11, 16))):
        for n in numbers:
            for m in (1, 2):
                names += [
                    f"{split}/NORMAL/IM-{n:04}-{m:04}.jpeg",
                    f"{split}/NORMAL/NORMAL2-IM-{n:04}-{m:04}.jpeg",
                    f"{split}/PNEUMONIA/person{n}_bacteria_{10 * n + m}.jpeg",
                    f"{split}/PNEUMONIA/person{n + 20}_virus_{10 * n + m}.jpeg",
                ]
    return names


@pytest.fixture
def kaggle(tmp_path: Path, write_films: WriteFilms, kaggle_names: list[str]) -> Path:
    """`kaggle_names` as files."""
    return write_films(tmp_path / "chest", kaggle_names)
