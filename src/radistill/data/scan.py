"""Reading every film once: its hash, its size, whether it decodes at all, and how it looks."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from radistill.data.dataset import Unreadable
from radistill.data.manifest import Film
from radistill.data.parallel import each
from radistill.data.perceptual_hash import look
from radistill.data.sources import Entry, Source
from radistill.errors import UsageError
from radistill.imaging import DecodeError


def scan(
    source: Source, entries: Sequence[Entry], max_unreadable: float
) -> tuple[list[Film], tuple[Unreadable, ...], dict[str, str]]:
    """Films (split as given), files that were skipped, and sha256 -> perceptual hash.

    Raises UsageError if more than the fraction `max_unreadable` cannot be read.
    """

    def read(entry: Entry) -> tuple[Film, str] | Unreadable:
        try:
            content, grey = source.read(entry.path)
        except DecodeError as error:
            return Unreadable(entry.path, error.code, error.reason)
        film = Film(
            path=entry.path,
            label=entry.label,
            subtype=entry.subtype,
            patient=entry.patient,
            split=entry.split,
            sha256=hashlib.sha256(content).hexdigest(),
            width=grey.shape[1],
            height=grey.shape[0],
        )
        return film, look(grey)

    films, unreadable, looks = [], [], {}
    for result in each(read, entries, "Reading films"):
        if isinstance(result, Unreadable):
            unreadable.append(result)
        else:
            films.append(result[0])
            looks[result[0].sha256] = result[1]
    _refuse_too_many(unreadable, len(entries), max_unreadable)
    return films, tuple(unreadable), looks


def _refuse_too_many(unreadable: list[Unreadable], files: int, most: float) -> None:
    if not unreadable or (len(unreadable) <= most * files and len(unreadable) < files):
        return
    shown = "\n".join(f"  {bad.path}: {bad.message}" for bad in unreadable[:5])
    more = f"\n  and {len(unreadable) - 5} more" if len(unreadable) > 5 else ""
    raise UsageError(
        f"{len(unreadable)} of {files} files cannot be read, more than data.max_unreadable "
        f"({most:g}) allows. Remove or replace them, or raise that setting:\n{shown}{more}"
    )
