"""Decoded films as squares of bytes, in one memory-mapped file a size.

`squares-224.u8` holds the squares one after the other. `squares-224.json` names the film of each
and has a checksum, so that a changed or truncated file is noticed and made anew. New squares are
appended; they count once the index that names them is written.
"""

import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np

from radistill import progress
from radistill.files import unwritable, write_text
from radistill.imaging import PREPROCESSING_VERSION

_CHECK_BYTES = 1 << 24

Add = Callable[[str, Mapping[int, np.ndarray]], None]


class PixelCache:
    """Squares of one size, by the sha256 of the film. crc32: of the squares' bytes."""

    def __init__(self, squares: np.ndarray, keys: Sequence[str], crc32: int = 0) -> None:
        self._squares = squares
        self._row = {key: row for row, key in enumerate(keys)}
        self.crc32 = crc32

    @property
    def size(self) -> int:
        """Side of the squares in pixels."""
        return int(self._squares.shape[1])

    @property
    def keys(self) -> list[str]:
        """The films' sha256, in the order of the squares."""
        return list(self._row)

    def __len__(self) -> int:
        return len(self._row)

    def __contains__(self, sha: object) -> bool:
        return sha in self._row

    def batch(self, shas: Sequence[str]) -> np.ndarray:
        """A copy of the squares of these films, uint8 (N, S, S), in the order asked for.

        Raises KeyError for a film that is not in the cache.
        """
        return np.asarray(self._squares[[self._row[sha] for sha in shas]])


def open_cache(folder: Path, size: int) -> PixelCache | None:
    """The cache of this size if it is there and whole; prints a message if it is damaged."""
    data, index = _data(folder, size), _index(folder, size)
    if not data.exists() or not index.exists():
        return None
    try:
        facts = json.loads(index.read_text("utf-8"))
        keys = [str(key) for key in facts["keys"]]
        same = facts["preprocessing"] == PREPROCESSING_VERSION and facts["size"] == size
        length = len(keys) * size * size
        # Bytes beyond the index are of a process that was killed while it appended.
        if same and keys and len(set(keys)) == len(keys) and data.stat().st_size >= length:
            crc32 = _crc32(data, length)
            if _with_keys(crc32, keys) == facts["crc32"]:
                squares = np.memmap(data, np.uint8, "r", shape=(len(keys), size, size))
                return PixelCache(squares, keys, crc32)
    except (OSError, ValueError, KeyError, TypeError):
        pass
    progress.console.print(f"{data}: changed or cut short since it was written; making it anew")
    return None


@contextmanager
def appending(folder: Path, caches: Mapping[int, PixelCache | None]) -> Iterator[Add]:
    """Yield `add(sha256, {size: square})`, which appends to the caches of `folder`.

    caches: what `open_cache` gave for each size. A square that is there already is not added again.
    Raises RadistillError if the folder cannot be written.
    """
    writers: dict[int, Callable[[str, np.ndarray], None]] = {}
    with ExitStack() as stack:

        def add(sha: str, squares: Mapping[int, np.ndarray]) -> None:
            for size, square in squares.items():
                if size not in writers:
                    writers[size] = stack.enter_context(_writer(folder, size, caches[size]))
                writers[size](sha, square)

        yield add


@contextmanager
def _writer(
    folder: Path, size: int, cache: PixelCache | None
) -> Iterator[Callable[[str, np.ndarray], None]]:
    """Yield what appends a square to the file of one size; write its index however the block ends,
    but for a full disk."""
    data = _data(folder, size)
    keys = dict.fromkeys(cache.keys if cache else ())
    crc32 = cache.crc32 if cache else 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with data.open("r+b" if cache else "wb") as file:
            file.truncate(len(keys) * size * size)
            file.seek(0, 2)

            def add(sha: str, square: np.ndarray) -> None:
                nonlocal crc32
                if sha not in keys:
                    content = square.tobytes()
                    # Plain writes: on a full disk they fail as an error; a memory map would crash.
                    file.write(content)
                    crc32 = zlib.crc32(content, crc32)
                    keys[sha] = None

            yield add
    except OSError as error:
        if cache is None:
            data.unlink(missing_ok=True)
        raise unwritable(error, data) from None
    except BaseException:  # an interruption, say: what was added before it counts
        _write_index(folder, size, keys, crc32)
        raise
    _write_index(folder, size, keys, crc32)


def _write_index(folder: Path, size: int, keys: Iterable[str], crc32: int) -> None:
    index = {
        "preprocessing": PREPROCESSING_VERSION,
        "size": size,
        "crc32": _with_keys(crc32, list(keys)),
        "keys": list(keys),
    }
    write_text(_index(folder, size), json.dumps(index))


def _crc32(path: Path, length: int) -> int:
    """Of the first `length` bytes."""
    total = 0
    with path.open("rb") as file:
        while length and (block := file.read(min(length, _CHECK_BYTES))):
            total = zlib.crc32(block, total)
            length -= len(block)
    return total


def _with_keys(crc32: int, keys: Sequence[str]) -> int:
    """The sum goes on over the keys: a square under the wrong key is as bad as a wrong square."""
    return zlib.crc32("\n".join(keys).encode(), crc32)


def _data(folder: Path, size: int) -> Path:
    return folder / f"squares-{size}.u8"


def _index(folder: Path, size: int) -> Path:
    return folder / f"squares-{size}.json"
