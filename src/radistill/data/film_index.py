"""films.json: hash and size of every film read before, so that none is decoded twice.

A file of the same place, size and modification time is taken to be the same; any other file is
hashed, and decoded only if its content is new.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from radistill.files import write_text
from radistill.imaging import PREPROCESSING_VERSION

_FILE = "films.json"
# A file changed within the clock's tick in which it was read keeps its time. FAT's are the longest.
_TICK_NS = 2 * 10**9


class Stamp(NamedTuple):
    """Size in bytes and time of modification of a file."""

    size: int
    mtime_ns: int


class FilmFacts(NamedTuple):
    """What is read of a film's content. width, height: in pixels, as stored."""

    width: int
    height: int
    perceptual_hash: str
    black_and_white: bool = False


class FilmIndex(BaseModel):
    """root: folder or file that the paths are relative to. stamps: path -> stamp and sha256.
    contents: sha256 -> facts."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    format: Literal[1] = 1
    preprocessing: int = PREPROCESSING_VERSION
    root: str
    stamps: dict[str, tuple[Stamp, str]] = {}
    contents: dict[str, FilmFacts] = {}

    @classmethod
    def read(cls, folder: Path | None, root: str) -> FilmIndex:
        """The index in `folder`; an empty one if there is none that can be used."""
        try:
            text = (folder / _FILE).read_text("utf-8") if folder else ""
            index = cls.model_validate_json(text)
        except (OSError, UnicodeDecodeError, ValidationError):
            return cls(root=root)
        if index.preprocessing != PREPROCESSING_VERSION:
            return cls(root=root)
        # Copies elsewhere may keep the time of other content.
        return index if index.root == root else cls(root=root, contents=index.contents)

    @classmethod
    def hashes_in(cls, folder: Path) -> dict[str, str]:
        """sha256 -> perceptual hash of every film in the index of `folder`; empty without one."""
        contents = cls.read(folder, "").contents
        return {sha: facts.perceptual_hash for sha, facts in contents.items()}

    def sha256(self, path: str, stamp: Stamp | None) -> str | None:
        """Of the film at `path`, if the file has not changed since it was read."""
        known, sha = self.stamps.get(path, (None, None))
        return sha if known == stamp else None

    def add(self, path: str, stamp: Stamp | None, sha: str, facts: FilmFacts) -> None:
        """Keep what was read of a film. stamp: from before the reading."""
        if stamp is not None and stamp.mtime_ns + _TICK_NS < time.time_ns():
            self.stamps[path] = stamp, sha
        self.contents[sha] = facts

    def write(self, folder: Path) -> None:
        """Write the index into `folder`, atomically."""
        write_text(folder / _FILE, self.model_dump_json())
