"""Decoded films once and for all: squares of bytes in one memory-mapped file a size.

`squares-224.u8` holds the squares one after the other, `squares-224.json` says whose they are and
what the bytes sum up to, so that a changed or truncated file is noticed and made anew.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from radistill import progress
from radistill.data.dataset import Dataset
from radistill.data.manifest import Film
from radistill.data.parallel import each
from radistill.errors import RadistillError
from radistill.files import replacing, write_text
from radistill.imaging import PREPROCESSING_VERSION, to_square

_CHECK_BYTES = 1 << 24


class PixelCache:
    """Squares of one size, by the sha256 of the film."""

    def __init__(self, squares: np.ndarray, keys: Sequence[str]) -> None:
        self._squares = squares
        self._row = {key: row for row, key in enumerate(keys)}

    @property
    def size(self) -> int:
        """Side of the squares in pixels."""
        return int(self._squares.shape[1])

    def __len__(self) -> int:
        return len(self._row)

    def __contains__(self, sha: object) -> bool:
        return sha in self._row

    def batch(self, shas: Sequence[str]) -> np.ndarray:
        """A copy of the squares of these films, uint8 (N, S, S), in the order asked for.

        Raises KeyError for a film that is not in the cache.
        """
        return np.asarray(self._squares[[self._row[sha] for sha in shas]])


def build_caches(dataset: Dataset, sizes: Iterable[int], folder: Path) -> dict[int, PixelCache]:
    """A cache for each size, opened where `folder` holds a good one, else made.

    Each film is decoded once for all the sizes that lack it; squares that an older cache of the
    same folder holds are taken over. Raises RadistillError if the folder cannot be written.
    """
    films = {film.sha256: film for film in dataset.films}
    wanted = sorted(set(sizes))
    found = {size: open_cache(folder, size) for size in wanted}
    stale = [size for size in wanted if _lacks(found[size], films)]
    if stale:
        _write(dataset, list(films.values()), {size: found[size] for size in stale}, folder)
        found |= {size: open_cache(folder, size) for size in stale}
    caches = {size: cache for size, cache in found.items() if cache is not None}
    if len(caches) < len(wanted):
        raise RadistillError(
            f"{folder}: what was just written does not read back; "
            "check the disk, or put the run elsewhere"
        )
    return caches


def _lacks(cache: PixelCache | None, films: Iterable[str]) -> bool:
    return cache is None or any(sha not in cache for sha in films)


@dataclass
class _Writer:
    """Appends squares to a file and sums up its bytes."""

    file: BinaryIO
    crc32: int = 0

    def add(self, square: np.ndarray) -> None:
        content = square.tobytes()
        # Plain writes: on a full disk they fail as an error, a memory map would kill the process.
        self.file.write(content)
        self.crc32 = zlib.crc32(content, self.crc32)


def _write(
    dataset: Dataset, films: Sequence[Film], old: dict[int, PixelCache | None], folder: Path
) -> None:
    def squares(film: Film) -> dict[int, np.ndarray]:
        missing = [size for size, cache in old.items() if _lacks(cache, [film.sha256])]
        grey = dataset.pixels(film.path) if missing else None
        return {
            size: to_square(grey, size)
            if grey is not None and size in missing
            else cache.batch([film.sha256])[0]  # type: ignore[union-attr]
            for size, cache in old.items()
        }

    with ExitStack() as stack:
        writers = {}
        for size in old:
            temporary = stack.enter_context(replacing(_data(folder, size)))
            writers[size] = _Writer(stack.enter_context(temporary.open("wb")))
        sizes = ", ".join(map(str, old))
        for made in each(squares, films, f"Decoding films at {sizes} pixels"):
            for size, square in made.items():
                writers[size].add(square)
    keys = [film.sha256 for film in films]
    for size, writer in writers.items():
        index = {
            "preprocessing": PREPROCESSING_VERSION,
            "size": size,
            "crc32": _with_keys(writer.crc32, keys),
            "keys": keys,
        }
        write_text(_index(folder, size), json.dumps(index))


def open_cache(folder: Path, size: int) -> PixelCache | None:
    """The cache of this size if it is there and whole; says so if it is there and not whole."""
    data, index = _data(folder, size), _index(folder, size)
    if not data.exists() or not index.exists():
        return None
    try:
        facts = json.loads(index.read_text("utf-8"))
        keys = [str(key) for key in facts["keys"]]
        same = facts["preprocessing"] == PREPROCESSING_VERSION and facts["size"] == size
        whole = data.stat().st_size == len(keys) * size * size and len(set(keys)) == len(keys)
        if same and whole and keys and _with_keys(_crc32(data), keys) == facts["crc32"]:
            return PixelCache(np.memmap(data, np.uint8, "r", shape=(len(keys), size, size)), keys)
    except (OSError, ValueError, KeyError, TypeError):
        pass
    progress.console.print(f"{data}: changed or cut short since it was written; making it anew")
    return None


def _crc32(path: Path) -> int:
    total = 0
    with path.open("rb") as file:
        for block in _blocks(file):
            total = zlib.crc32(block, total)
    return total


def _with_keys(crc32: int, keys: Sequence[str]) -> int:
    """The sum goes on over the keys: a square under the wrong key is as bad as a wrong square."""
    return zlib.crc32("\n".join(keys).encode(), crc32)


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    while block := file.read(_CHECK_BYTES):
        yield block


def _data(folder: Path, size: int) -> Path:
    return folder / f"squares-{size}.u8"


def _index(folder: Path, size: int) -> Path:
    return folder / f"squares-{size}.json"
