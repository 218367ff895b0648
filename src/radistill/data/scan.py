"""Reading films: hash, size, perceptual hash and squares, in one decoding a film."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from radistill.data.cache import PixelCache, appending, open_cache
from radistill.data.film_index import FilmFacts, FilmIndex, Stamp
from radistill.data.manifest import Film
from radistill.data.perceptual_hash import perceptual_hash
from radistill.data.sources import FilmSource, ListedFilm
from radistill.data.sources.image_files import some
from radistill.data.sources.masks import is_black_and_white
from radistill.errors import RadistillError, UsageError, counted
from radistill.files import sha256
from radistill.imaging import DecodeError, to_square
from radistill.progress import each
from radistill.schema.audit import Unreadable


@dataclass(frozen=True)
class Scan:
    """Films (split as given), files that were skipped, sha256 -> perceptual hash, and caches.

    notes: what is odd about the films, naming them.
    """

    films: list[Film]
    unreadable: tuple[Unreadable, ...]
    perceptual_hashes: dict[str, str]
    squares: Mapping[int, PixelCache]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Reading:
    """One film as read: from the index, or from its file. squares: those that no cache has."""

    listed: ListedFilm
    stamp: Stamp | None
    sha: str
    facts: FilmFacts
    squares: dict[int, np.ndarray] = field(default_factory=dict)

    def film(self) -> Film:
        a, b = self.listed, self.facts
        return Film(a.path, a.label, a.subtype, a.patient, a.split, self.sha, b.width, b.height)


def scan(
    source: FilmSource,
    listed: Sequence[ListedFilm],
    max_unreadable: float,
    folder: Path | None = None,
    sizes: Iterable[int] = (),
) -> Scan:
    """Read the `listed` films of `source`; none is decoded that `folder` has all of.

    folder: of the index and of a cache for each of `sizes`. Raises UsageError if more than the
    fraction `max_unreadable` cannot be read, RadistillError if `folder` cannot be written.
    """
    reader = source.reader
    old = FilmIndex.read(folder, reader.root)
    new = FilmIndex(root=reader.root)
    caches = {size: open_cache(folder, size) for size in sorted(set(sizes))} if folder else {}

    def lacking(sha: str) -> list[int]:
        return [size for size, cache in caches.items() if cache is None or sha not in cache]

    def read(film: ListedFilm) -> _Reading | Unreadable:
        stamp = reader.stamp(film.path)
        sha = old.sha256(film.path, stamp)
        if sha is not None and sha in old.contents and not lacking(sha):
            return _Reading(film, stamp, sha, old.contents[sha])
        try:
            content = reader.content(film.path)
            sha = sha256(content)
            missing, facts = lacking(sha), old.contents.get(sha)
            if facts is not None and not missing:
                return _Reading(film, stamp, sha, facts)
            grey = reader.pixels(film.path, content)
        except DecodeError as error:
            return Unreadable(path=film.path, code=error.code, message=error.reason)
        facts = FilmFacts(
            grey.shape[1], grey.shape[0], perceptual_hash(grey), is_black_and_white(grey)
        )
        return _Reading(film, stamp, sha, facts, {size: to_square(grey, size) for size in missing})

    films: list[Film] = []
    unreadable: list[Unreadable] = []
    try:
        with appending(folder or Path(), caches) as add:
            for result in each(read, listed, "Reading films"):
                if isinstance(result, Unreadable):
                    unreadable.append(result)
                    continue
                films.append(result.film())
                new.add(result.listed.path, result.stamp, result.sha, result.facts)
                add(result.sha, result.squares)
    finally:  # also what was read before an interruption
        # Films of another call keep their facts, as they keep their squares: perhaps a slip.
        contents, stamps = old.contents | new.contents, old.stamps | new.stamps
        kept = new.model_copy(update={"contents": contents, "stamps": stamps})
        if folder is not None and kept != old:
            kept.write(folder)
    _refuse_too_many(unreadable, len(listed), max_unreadable)
    drawn = [film.path for film in films if new.contents[film.sha256].black_and_white]
    return Scan(
        films,
        tuple(unreadable),
        {sha: facts.perceptual_hash for sha, facts in new.contents.items()},
        {size: _reopened(folder, size, caches[size], new) for size in caches if folder},
        _about_drawings(drawn),
    )


def _about_drawings(paths: Sequence[str]) -> tuple[str, ...]:
    if not paths:
        return ()
    return (
        f"Warning: {counted(len(paths), 'picture')} in black and white only, as masks are, and not "
        f"films: {some(paths)}. Leave them out.",
    )


def _reopened(folder: Path, size: int, cache: PixelCache | None, index: FilmIndex) -> PixelCache:
    """`cache`, read again if squares were appended."""
    if cache is None or any(sha not in cache for sha in index.contents):
        cache = open_cache(folder, size)
    if cache is None or any(sha not in cache for sha in index.contents):
        raise RadistillError(
            f"{folder}: what was just written does not read back; "
            "check the disk, or put the run elsewhere"
        )
    return cache


def _refuse_too_many(unreadable: list[Unreadable], files: int, most: float) -> None:
    if not unreadable or (len(unreadable) <= most * files and len(unreadable) < files):
        return
    shown = "\n".join(f"  {bad.path}: {bad.message}" for bad in unreadable[:5])
    more = f"\n  and {len(unreadable) - 5} more" if len(unreadable) > 5 else ""
    raise UsageError(
        f"{len(unreadable)} of {files} files cannot be read, more than data.max_unreadable "
        f"({most:g}) allows. Remove or replace them, or raise that setting:\n{shown}{more}"
    )
