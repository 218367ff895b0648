"""Drawing a stratified part of the patients, at random or as a block of their numbers."""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from radistill.data.manifest import Film


@dataclass(frozen=True)
class Unit:
    """What is drawn as a whole: a patient, or one image where the split ignores patients."""

    key: str
    label: str
    subtype: str


def by_patient(films: Iterable[Film]) -> list[Unit]:
    """One unit a patient, with its most frequent label and subtype."""
    kinds: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    for film in films:
        kinds[film.patient][film.label, film.subtype] += 1
    return [
        Unit(patient, *max(sorted(count), key=count.__getitem__))
        for patient, count in kinds.items()
    ]


def by_image(films: Iterable[Film]) -> list[Unit]:
    """One unit an image."""
    return [Unit(film.path, film.label, film.subtype) for film in films]


def draw(
    units: Sequence[Unit],
    fraction: float,
    seed: int,
    how: Literal["random", "block", "prefix"] = "random",
    leave: int = 1,
) -> set[str]:
    """Keys of a part of `units`: of each class the `fraction`, at least one, leaving `leave`.

    Within a class it is shared out over the subtypes by largest remainder. `random` depends on
    the seed and the keys only, not on the order of `units` nor on a library's generator. `block`
    takes the lowest patient numbers of each file-name prefix (`IM-0115` is number 115 of `IM-`),
    which on the Kaggle set are the patients nearest to its test folder. `prefix` ignores the
    fraction and holds out the patients least like the rest, see `held_out_prefixes`.
    """
    if how == "prefix":
        return held_out_prefixes(units)
    classes: dict[str, dict[tuple[str, str], list[str]]] = defaultdict(lambda: defaultdict(list))
    for unit in units:
        prefix = _prefix(unit.key) if how == "block" else ""
        classes[unit.label][unit.subtype, prefix].append(unit.key)
    chosen: set[str] = set()
    for label in sorted(classes):
        strata = [classes[label][kind] for kind in sorted(classes[label])]
        count = sum(map(len, strata))
        wanted = min(max(round(fraction * count), 1), count - leave)
        for keys, share in zip(strata, apportion(wanted, list(map(len, strata))), strict=True):
            chosen.update(_ordered(keys, seed, how)[:share])
    return chosen


def held_out_prefixes(units: Sequence[Unit]) -> set[str]:
    """Of each class and subtype the last of its file-name prefixes; the lower half of its only one.

    On the Kaggle set: all normals called NORMAL2, and the lower half of the numbers of bacteria and
    of virus. A figure on these shows what a network has learnt about the prefix rather than the
    disease; validation by random patients or by block cannot.
    """
    kinds: dict[tuple[str, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for unit in units:
        kinds[unit.label, unit.subtype][_prefix(unit.key)].append(unit.key)
    chosen: set[str] = set()
    for prefixes in kinds.values():
        *_, last = sorted(prefixes)
        keys = sorted(prefixes[last], key=natural)
        chosen.update(keys if len(prefixes) > 1 else keys[: len(keys) // 2])
    return chosen


def apportion(total: int, sizes: Sequence[int]) -> list[int]:
    """Share `total` out in proportion to `sizes` by largest remainder; no share exceeds its size.

    The shares add up to `total`, which is at most the sum of `sizes`.
    """
    whole = sum(sizes)
    shares = [total * size // whole for size in sizes]
    remainder = [total * size % whole for size in sizes]
    for index in sorted(range(len(sizes)), key=lambda i: -remainder[i])[: total - sum(shares)]:
        shares[index] += 1
    return shares


def natural(text: str) -> tuple[object, ...]:
    """A sort key under which `IM-2` comes before `IM-10`."""
    parts = re.split(r"(\d+)", text)
    return tuple((int(p), p) if i % 2 else (p, p) for i, p in enumerate(parts))


def _ordered(keys: Sequence[str], seed: int, how: str) -> list[str]:
    if how == "block":
        return sorted(keys, key=natural)
    return sorted(keys, key=lambda key: hashlib.sha256(f"{seed}/{key}".encode()).digest())


def _prefix(key: str) -> str:
    return re.sub(r"\d+\D*$", "", key)
