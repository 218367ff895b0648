"""The pixel cache: right bytes, appended, and made anew whenever it is not whole."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from radistill.data.cache import PixelCache, appending, open_cache
from radistill.errors import RadistillError

SHAS = [f"{i:064x}" for i in range(6)]
SQUARES = np.random.default_rng(0).integers(0, 256, (6, 16, 16), dtype=np.uint8)


def append(folder: Path, *rows: int) -> PixelCache | None:
    with appending(folder, {16: open_cache(folder, 16)}) as add:
        for row in rows:
            add(SHAS[row], {16: SQUARES[row]})
    return open_cache(folder, 16)


def test_squares_come_back_in_the_order_asked_for(tmp_path: Path) -> None:
    cache = append(tmp_path / "cache", 0, 1, 2)
    assert cache is not None
    assert (cache.size, len(cache), cache.keys) == (16, 3, SHAS[:3])
    assert SHAS[2] in cache
    assert SHAS[3] not in cache
    batch = cache.batch([SHAS[2], SHAS[0]])
    assert np.array_equal(batch, SQUARES[[2, 0]])
    assert batch.flags.writeable
    with pytest.raises(KeyError):
        cache.batch([SHAS[3]])


def test_squares_are_appended_once(tmp_path: Path) -> None:
    append(tmp_path, 0, 1)
    cache = append(tmp_path, 1, 2, 2, 3)
    assert cache is not None
    assert np.array_equal(cache.batch(SHAS[:4]), SQUARES[:4])
    assert (tmp_path / "squares-16.u8").stat().st_size == 4 * 16 * 16


def test_what_a_killed_process_appended_does_not_count(tmp_path: Path) -> None:
    append(tmp_path, 0, 1)
    with (tmp_path / "squares-16.u8").open("ab") as file:
        file.write(b"x" * 300)
    cache = open_cache(tmp_path, 16)
    assert cache is not None
    assert cache.keys == SHAS[:2]
    cache = append(tmp_path, 4)
    assert cache is not None
    assert np.array_equal(cache.batch([SHAS[1], SHAS[4]]), SQUARES[[1, 4]])


def flip_a_byte(folder: Path) -> None:
    content = bytearray((folder / "squares-16.u8").read_bytes())
    content[1000] ^= 1
    (folder / "squares-16.u8").write_bytes(content)


def cut_short(folder: Path) -> None:
    os.truncate(folder / "squares-16.u8", 5 * 16 * 16)


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


@pytest.mark.parametrize(
    "damage",
    [
        flip_a_byte,
        cut_short,
        empty,
        half_an_index,
        edit_index(keys=[SHAS[1], SHAS[0], *SHAS[2:]]),
        edit_index(keys=SHAS[:4]),
        edit_index(preprocessing=0),
        edit_index(size=8),
        edit_index(keys=None),
        edit_index(keys=[]),
    ],
)
def test_damage_is_noticed_and_mended(tmp_path, capsys, damage) -> None:
    append(tmp_path, *range(6))
    damage(tmp_path)
    assert open_cache(tmp_path, 16) is None
    assert "making it anew" in capsys.readouterr().err
    mended = append(tmp_path, *range(6))
    assert mended is not None
    assert np.array_equal(mended.batch(SHAS), SQUARES)


@pytest.mark.parametrize("name", ["squares-16.u8", "squares-16.json"])
def test_half_a_cache_is_none(tmp_path: Path, name: str) -> None:
    append(tmp_path, 0)
    (tmp_path / name).unlink()
    assert open_cache(tmp_path, 16) is None


def test_full_disk(tmp_path: Path) -> None:
    def full(rows: int) -> None:
        with appending(tmp_path, {16: open_cache(tmp_path, 16)}) as add:
            add(SHAS[rows], {16: SQUARES[rows]})
            raise OSError(28, "No space left on device")

    with pytest.raises(RadistillError, match="the disk is full"):
        full(0)
    assert list(tmp_path.iterdir()) == []
    append(tmp_path, 0)
    with pytest.raises(RadistillError, match="the disk is full"):
        full(1)
    cache = open_cache(tmp_path, 16)
    assert cache is not None
    assert cache.keys == SHAS[:1]
