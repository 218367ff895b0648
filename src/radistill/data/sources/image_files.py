"""Image files on disk, as folders and tables list them."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from radistill.data.film_index import Stamp
from radistill.imaging import DecodeError, decode, read_content

# The phantom generator leaves this beside its films.
PHANTOM_MARK = "phantom.json"


class ImageFiles:
    """Reads image files below a folder; a `FilmReader` whose errors name the path."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.root = str(folder.resolve())

    def stamp(self, path: str) -> Stamp | None:
        try:
            status = (self._folder / path).stat()
        except (OSError, ValueError):  # ValueError: a NUL in the path
            return None
        return Stamp(status.st_size, status.st_mtime_ns)

    def content(self, path: str) -> bytes:
        with _naming(path):
            return read_content(self._folder / path)

    def pixels(self, path: str, content: bytes) -> np.ndarray:
        with _naming(path):
            return decode(content)


@contextmanager
def _naming(path: str) -> Iterator[None]:
    try:
        yield
    except DecodeError as error:
        raise DecodeError(error.code, error.reason, path) from None


def is_synthetic(folder: Path) -> bool:
    """Whether `folder` or its parent carries the phantom generator's mark."""
    resolved = folder.resolve()
    return any((place / PHANTOM_MARK).is_file() for place in (resolved, resolved.parent))


def visible(path: Path) -> bool:
    """Not one of the files that systems and archives leave about."""
    name = path.name.lower()
    return not name.startswith((".", "__macosx")) and name not in ("thumbs.db", "desktop.ini")


def some(names: Iterable[str], shown: int = 3) -> str:
    """The first of `names`, each once, and how many more there are."""
    distinct = list(dict.fromkeys(names))
    more = f" and {len(distinct) - shown} more" if len(distinct) > shown else ""
    return ", ".join(distinct[:shown]) + more
