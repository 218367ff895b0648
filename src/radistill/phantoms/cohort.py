"""Who is on which film: patients, splits and file names in the manner of the Kaggle set."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

TEST_SHARE = 0.25
# Prefixes of file names: share of all films, class folder, subtype.
PREFIXES = {
    "IM": (0.2, "NORMAL", ""),
    "NORMAL2-IM": (0.2, "NORMAL", ""),
    "bacteria": (0.35, "PNEUMONIA", "bacteria"),
    "virus": (0.25, "PNEUMONIA", "virus"),
}
FIRST_TRAIN_NUMBER = {"IM": 115, "NORMAL2-IM": 383, "bacteria": 1, "virus": 1}
SMALLEST = 16


@dataclass(frozen=True)
class Planned:
    """One film to be made.

    split, folder, stem: where it goes. subtype: bacteria, virus or empty.
    patient: prefix and number, which with the set's seed decide anatomy and disease.
    film: number of the film within the patient, from 0.
    """

    split: str
    folder: str
    stem: str
    subtype: str
    patient: tuple[int, int]
    film: int


def plan(n: int, seed: int) -> list[Planned]:
    """`n` films: about two normal to three with pneumonia, a quarter of each prefix for test."""
    rng = np.random.default_rng([seed, 0])
    counts = [round(n * share) for share, _, _ in PREFIXES.values()]
    counts[-1] += n - sum(counts)
    films: list[Planned] = []
    for index, (prefix, count) in enumerate(zip(PREFIXES, counts, strict=True)):
        number, image = 1, 1
        tests = max(round(count * TEST_SHARE), 1)
        for split, wanted in (("test", tests), ("train", count - tests)):
            if split == "train":
                number = max(number, FIRST_TRAIN_NUMBER[prefix])
            for size in _patients(wanted, rng):
                films += _patient(split, index, number, image, size)
                number, image = number + 1, image + size
    return films


def _patients(films: int, rng: np.random.Generator) -> Iterator[int]:
    """Films of each patient: one to three, together `films`."""
    while films > 0:
        size = min(int(rng.choice([1, 2, 3], p=[0.5, 0.3, 0.2])), films)
        yield size
        films -= size


def _patient(split: str, index: int, number: int, image: int, size: int) -> Iterator[Planned]:
    prefix = list(PREFIXES)[index]
    _, folder, subtype = PREFIXES[prefix]
    for film in range(size):
        if subtype:
            stem = f"person{number}_{prefix}_{image + film}"
        else:
            stem = f"{prefix}-{number:04d}-0001" + (f"-{film + 1:04d}" if size > 1 else "")
        yield Planned(split, folder, stem, subtype, (index, number), film)
