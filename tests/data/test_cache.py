"""The pixel cache: right bytes, decoded once, and made anew whenever it is not whole."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from radistill.config import DataConfig
from radistill.data import Dataset, cache, load_dataset
from radistill.data.cache import build_caches
from radistill.errors import RadistillError
from radistill.imaging import to_square


class Counting:
    """Pixels of a data set, counting how often each film is decoded."""

    def __init__(self, dataset: Dataset) -> None:
        self.inner = dataset.pixels
        self.paths: list[str] = []

    def __call__(self, path: str) -> np.ndarray:
        self.paths.append(path)
        return self.inner(path)


@pytest.fixture
def counted(kaggle) -> tuple[Dataset, Counting]:
    dataset = load_dataset(kaggle, DataConfig(), 0)
    counting = Counting(dataset)
    return replace(dataset, pixels=counting), counting


def test_squares_are_those_of_the_preprocessing(counted, tmp_path) -> None:
    dataset, counting = counted
    caches = build_caches(dataset, [32, 16, 32], tmp_path / "cache")
    assert sorted(caches) == [16, 32]
    assert sorted(counting.paths) == sorted(film.path for film in dataset.films)
    films = list(dataset.films)[::-7]
    for size, held in caches.items():
        assert held.size == size
        assert len(held) == len(dataset.films)
        batch = held.batch([film.sha256 for film in films])
        assert batch.dtype == np.uint8
        assert batch.shape == (len(films), size, size)
        assert batch.flags.writeable
        for film, square in zip(films, batch, strict=True):
            assert np.array_equal(square, to_square(dataset.pixels(film.path), size))
        assert films[0].sha256 in held
        assert "0" * 64 not in held
        with pytest.raises(KeyError):
            held.batch(["0" * 64])


def test_a_good_cache_is_not_made_again(counted, tmp_path) -> None:
    dataset, counting = counted
    build_caches(dataset, [16], tmp_path)
    counting.paths.clear()
    build_caches(dataset, [16], tmp_path)
    assert counting.paths == []
    build_caches(dataset, [16, 24], tmp_path)
    assert len(counting.paths) == len(dataset.films)


def test_only_new_films_are_decoded(counted, tmp_path) -> None:
    dataset, counting = counted
    build_caches(dataset.with_films(list(dataset.films[:100])), [16], tmp_path)
    counting.paths.clear()
    held = build_caches(dataset, [16], tmp_path)[16]
    assert sorted(counting.paths) == sorted(film.path for film in dataset.films[100:])
    first, last = dataset.films[0], dataset.films[-1]
    for film, square in zip((first, last), held.batch([first.sha256, last.sha256]), strict=True):
        assert np.array_equal(square, to_square(dataset.pixels(film.path), 16))


def flip_a_byte(folder: Path) -> None:
    content = bytearray((folder / "squares-16.u8").read_bytes())
    content[1000] ^= 1
    (folder / "squares-16.u8").write_bytes(content)


def cut_short(folder: Path) -> None:
    os.truncate(folder / "squares-16.u8", 5000)


def empty(folder: Path) -> None:
    (folder / "squares-16.u8").write_bytes(b"")


def half_an_index(folder: Path) -> None:
    index = folder / "squares-16.json"
    index.write_text(index.read_text()[:100])


def edit_index(**changes: object):
    def edit(folder: Path) -> None:
        index = folder / "squares-16.json"
        index.write_text(json.dumps({**json.loads(index.read_text()), **changes}))

    return edit


def swap_keys(folder: Path) -> None:
    keys = json.loads((folder / "squares-16.json").read_text())["keys"]
    edit_index(keys=[keys[1], keys[0], *keys[2:]])(folder)


@pytest.mark.parametrize(
    "damage",
    [
        flip_a_byte,
        cut_short,
        empty,
        half_an_index,
        swap_keys,
        edit_index(preprocessing=0),
        edit_index(size=8),
        edit_index(keys=None),
        edit_index(keys=[]),
    ],
)
def test_damage_is_noticed_and_mended(counted, tmp_path, capsys, damage) -> None:
    dataset, counting = counted
    shas = [film.sha256 for film in dataset.films]
    good = build_caches(dataset, [16], tmp_path)[16].batch(shas)
    damage(tmp_path)
    counting.paths.clear()
    mended = build_caches(dataset, [16], tmp_path)[16].batch(shas)
    assert np.array_equal(mended, good)
    assert len(counting.paths) == len(dataset.films)
    assert "making it anew" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["squares-16.u8", "squares-16.json"])
def test_a_missing_half_is_made_anew(counted, tmp_path, name) -> None:
    dataset, counting = counted
    build_caches(dataset, [16], tmp_path)
    (tmp_path / name).unlink()
    counting.paths.clear()
    build_caches(dataset, [16], tmp_path)
    assert len(counting.paths) == len(dataset.films)


def test_full_disk(counted, tmp_path, monkeypatch) -> None:
    def full(self: object, square: np.ndarray) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cache._Writer, "add", full)
    with pytest.raises(RadistillError, match="the disk is full"):
        build_caches(counted[0], [16], tmp_path)
    assert list(tmp_path.glob("*squares*")) == []


def test_films_with_the_same_bytes_share_a_square(counted, tmp_path) -> None:
    dataset, _ = counted
    twin = replace(dataset.films[0], path=dataset.films[0].path, patient="other")
    held = build_caches(dataset.with_films([*dataset.films, twin]), [16], tmp_path)[16]
    assert len(held) == len(dataset.films)
