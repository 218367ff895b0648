"""A bundle that may be replaced while a service runs."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from radistill.errors import RadistillError

Loaded = TypeVar("Loaded")
_Stamp = list[tuple[str, int, int, int]]


class WatchedBundle(Generic[Loaded]):
    """What `load` makes of the bundle in `folder`, and makes anew once a file there has changed.

    folder: may be a symbolic link. Raises what `load` raises.
    """

    def __init__(self, folder: Path, load: Callable[[Path], Loaded], log: logging.Logger) -> None:
        self._folder, self._load, self._log = folder, load, log
        self._tried = self._stamp()
        self.loaded = load(folder)

    def refresh(self, *, anyway: bool = False) -> bool:
        """Load a bundle that has changed; whether that was done. For one thread.

        anyway: also one that seems the same. A bundle that cannot be used is logged, once, and what
        was loaded stays.
        """
        stamp = self._stamp()
        if stamp == self._tried and not anyway:
            return False
        self._tried = stamp
        try:
            self.loaded = self._load(self._folder)
        except (RadistillError, OSError) as error:
            self._log.error("the new bundle cannot be used, the one before goes on: %s", error)
            return False
        return True

    def _stamp(self) -> _Stamp:
        """Name, size, time and number of every file; empty while there is no such folder."""
        try:
            files = [(file.name, file.stat()) for file in self._folder.iterdir()]
        except OSError:  # removed or replaced just now
            return []
        return sorted((name, at.st_size, at.st_mtime_ns, at.st_ino) for name, at in files)
