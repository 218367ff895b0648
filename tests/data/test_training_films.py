"""The list of training films: bytes there and back, and what it recognises."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from radistill.data.manifest import Film
from radistill.data.training_films import TrainingFilms
from radistill.errors import UsageError


def film(name: str, split: str = "train") -> Film:
    return Film(name, "A", "", name, split, hashlib.sha256(name.encode()).hexdigest(), 8, 8)


def flipped(text: str, bits: int) -> str:
    return f"{int(text, 16) ^ ((1 << bits) - 1):064x}"


FILMS = [film("a"), film("b", "val"), film("c", "test"), film("d")]
HASHES = {f.sha256: hashlib.sha256(f.sha256.encode()).hexdigest() for f in FILMS[:3]}


def test_train_and_validation_films_are_recognised_by_bytes_or_hash() -> None:
    known = TrainingFilms.of(FILMS, HASHES)
    assert known.contain(FILMS, {}).tolist() == [True, True, False, True]
    again = [film(name) for name in ("near", "far", "of test", "of nothing")]
    a, _, c, _ = (f.sha256 for f in FILMS)
    looks = [flipped(HASHES[a], 20), flipped(HASHES[a], 21), HASHES[c], "00" * 32]
    hashes = {f.sha256: look for f, look in zip(again, looks, strict=True)}
    assert known.contain(again, hashes).tolist() == [True, False, False, False]
    assert not known.contain(again, {}).any()
    assert known.contain([], {}).shape == (0,)
    assert not TrainingFilms(frozenset()).contain(FILMS, HASHES).any()


def test_there_and_back_in_forty_bytes_a_film() -> None:
    known = TrainingFilms.of(FILMS, HASHES)
    content = known.to_bytes()
    assert TrainingFilms.from_bytes(content, "x") == known
    assert TrainingFilms.of(FILMS[::-1], HASHES).to_bytes() == content
    many = [film(str(n)) for n in range(100)]
    assert len(TrainingFilms.of(many, {}).to_bytes()) - len(content) == 97 * 40
    for damaged in (content[:-1], content[5:], b""):
        with pytest.raises(UsageError, match=r"x\.bin: not a list of training films"):
            TrainingFilms.from_bytes(damaged, "x.bin")


def test_contain_against_counting_every_pair() -> None:
    rng = np.random.default_rng(0)
    base = rng.bytes(32)
    films = [film(f"t{n}") for n in range(300)]
    asked = [film(f"q{n}") for n in range(300)]

    def hashes(of: list[Film]) -> dict[str, str]:
        flips = [np.packbits(rng.random(256) < rng.uniform(0, 0.1)).tobytes() for _ in of]
        looks = [bytes(a ^ b for a, b in zip(base, flip, strict=True)).hex() for flip in flips]
        return {f.sha256: look for f, look in zip(of, looks, strict=True)}

    one, two = hashes(films), hashes(asked)
    expected = [
        any((int(look, 16) ^ int(other, 16)).bit_count() <= 20 for other in one.values())
        for look in two.values()
    ]
    assert TrainingFilms.of(films, one).contain(asked, two).tolist() == expected
    assert 10 < sum(expected) < 290
