"""Small films that a network can tell apart, and the pieces a training needs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from accelerate import Accelerator

from radistill.config import Recipe
from radistill.training.examples import Examples
from radistill.training.task import TrainingTask


class Memory:
    """Squares held in memory, by name."""

    def __init__(self, squares: dict[str, np.ndarray]) -> None:
        self.squares = squares
        self.size = next(iter(squares.values())).shape[0]

    def batch(self, shas: list[str]) -> np.ndarray:
        return np.stack([self.squares[sha] for sha in shas])


@pytest.fixture
def films() -> Callable[..., Examples]:
    """Films of noise; those of class 1 have a bright left half."""

    def make(count: int, seed: int = 0, size: int = 32, gap: int = 60) -> Examples:
        random = np.random.default_rng(seed)
        targets = np.arange(count) % 2
        squares = random.integers(0, 150, (count, size, size), dtype=np.uint8)
        squares[targets == 1, :, : size // 2] += gap
        shas = tuple(f"{seed}-{i}" for i in range(count))
        return Examples(
            Memory(dict(zip(shas, squares, strict=True))), shas, targets.astype(np.int64)
        )

    return make


@pytest.fixture(scope="session")
def accelerator() -> Accelerator:
    return Accelerator(cpu=True)


@pytest.fixture
def tiny() -> Recipe:
    return Recipe(
        architecture="baseline",
        weights="random",
        input_size=32,
        epochs=3,
        batch_size=8,
        learning_rate=1e-3,
    )


@pytest.fixture
def task(films, accelerator, tmp_path) -> Callable[..., TrainingTask]:
    """A training on 48 films, with 24 for validation."""

    def make(train: int = 48, val: int = 24, folder: Path = tmp_path, key: str = "k"):
        return TrainingTask(
            "test",
            films(train),
            films(val, seed=1),
            1,
            folder,
            key,
            seed=0,
            accelerator=accelerator,
        )

    return make
