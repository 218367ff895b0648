"""Which films make which part: blocks of ids, written down once and never changed.

The plan is what makes each film exactly one row. An id enters it once, by an anti-join of the
source with what is planned; a block's part has the block's name, so whoever scores a block, twice
or after its driver has died, writes the same file; and a block is done if its part is there.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import numpy as np
import pyarrow as arrow
import pyarrow.parquet as parquet

from radistill.archive.film_list import is_shard
from radistill.archive.storage import Storage
from radistill.errors import UsageError

FOLDER = "_plan"
_SCHEMA = arrow.schema({"id": arrow.binary()})
_BLOCKS = 128  # of a file, whose ids are in memory while it is written
_BATCH = 20_000
_DIGEST = 16  # bytes; two of 10^9 ids are the same with a chance of 1e-21


class Block(NamedTuple):
    """Films that become one part.

    name: a hash of the ids. file, group: row group `group` of the plan's file. films: how many, 0
    for a shard, which is not opened before it is scored.
    """

    name: str
    file: str
    group: int
    films: int

    @property
    def part(self) -> str:
        return f"part-{self.name}.parquet"


@dataclass(frozen=True)
class WorkPlan:
    """blocks: all there are. listed: ids of this SOURCE, each once. repeated: how many more times
    it names one of them. added: of those listed, how many were not planned before."""

    blocks: tuple[Block, ...]
    listed: int
    repeated: int
    added: int


def make_plan(storage: Storage, source: Iterable[str], part_films: int) -> WorkPlan:
    """Add to the plan the ids of `source` that are not in it, in blocks of `part_films`.

    Memory: 32 bytes an id. Raises UsageError if another process adds to it, or it is damaged.
    """
    names = storage.names(FOLDER)
    blocks: list[Block] = []
    planned, listed = _Digests(), _Digests()
    for name in names:
        for block, digests in _blocks_of(storage, name):
            blocks.append(block)
            planned.add(digests)
    count = repeated = 0

    def new() -> Iterator[str]:
        nonlocal count, repeated
        remaining = iter(source)
        while ids := list(islice(remaining, _BATCH)):
            digests = _digests(ids)
            first = listed.add(digests)
            count += int(first.sum())
            repeated += int((~first).sum())
            fresh = first & ~planned.holds(digests)
            yield from (one for one, is_new in zip(ids, fresh, strict=True) if is_new)

    added = 0
    groups = _groups(new(), part_films)
    number = len(names)
    while several := list(islice(groups, _BLOCKS)):
        name = f"{number:06}.plan"
        try:
            storage.create(f"{FOLDER}/{name}", _written(several))
        except FileExistsError:
            raise UsageError(
                f"{storage.uri}: another radistill score plans the same films just now. Wait for "
                "it, or give another --out."
            ) from None
        blocks += [_block(name, group, ids) for group, ids in enumerate(several)]
        added += sum(map(len, several))
        number += 1
    return WorkPlan(tuple(blocks), count, repeated, added)


def ids_of(storage: Storage, block: Block) -> list[str]:
    with storage.open(f"{FOLDER}/{block.file}") as file:
        table = parquet.ParquetFile(file).read_row_group(block.group)
    return _as_text(table)


def _groups(ids: Iterable[str], part_films: int) -> Iterator[list[str]]:
    """Blocks of films; a shard is a block of its own."""
    films: list[str] = []
    for one in ids:
        if is_shard(one):
            yield [one]
            continue
        films.append(one)
        if len(films) == part_films:
            yield films
            films = []
    if films:
        yield films


def _written(groups: Iterable[list[str]]) -> bytes:
    file = io.BytesIO()
    with parquet.ParquetWriter(
        file, _SCHEMA, compression="zstd", use_dictionary=False, write_page_checksum=True
    ) as writer:
        for ids in groups:
            writer.write_table(arrow.table({"id": [_as_bytes(one) for one in ids]}, _SCHEMA))
    return file.getvalue()


def _blocks_of(storage: Storage, name: str) -> Iterator[tuple[Block, np.ndarray]]:
    data = storage.read(f"{FOLDER}/{name}")
    try:
        table = parquet.ParquetFile(io.BytesIO(data), page_checksum_verification=True)
        for group in range(table.num_row_groups):
            ids = _as_text(table.read_row_group(group))
            yield _block(name, group, ids), _digests(ids)
    except (arrow.ArrowException, OSError, KeyError, ValueError):
        raise UsageError(
            f"{storage.uri}/{FOLDER}/{name}: is damaged, so which films are done is not known. "
            "Score into another --out."
        ) from None


def _block(file: str, group: int, ids: list[str]) -> Block:
    name = hashlib.blake2b(b"\0".join(map(_as_bytes, ids)), digest_size=8).hexdigest()
    return Block(name, file, group, 0 if is_shard(ids[0]) else len(ids))


def _digests(ids: Iterable[str]) -> np.ndarray:
    """(N,) of S16."""
    hashed = (hashlib.blake2b(_as_bytes(one), digest_size=_DIGEST).digest() for one in ids)
    return np.frombuffer(b"".join(hashed), f"S{_DIGEST}")


def _as_bytes(one: str) -> bytes:
    return one.encode("utf-8", "surrogatepass")  # Python's form of names that are no UTF-8


def _as_text(table: arrow.Table) -> list[str]:
    return [one.decode("utf-8", "surrogatepass") for one in table.column("id").to_pylist()]


class _Digests:
    """A set in sorted arrays, 16 bytes a member; Python's own takes a hundred."""

    def __init__(self) -> None:
        self._arrays: list[np.ndarray] = []

    def holds(self, digests: np.ndarray) -> np.ndarray:
        """(N,) -> (N,) bool."""
        known = np.zeros(len(digests), bool)
        for array in self._arrays:
            at = np.minimum(np.searchsorted(array, digests), len(array) - 1)
            known |= array[at] == digests
        return known

    def add(self, digests: np.ndarray) -> np.ndarray:
        """(N,) -> (N,) bool: which were not there, of equal ones the first."""
        new = np.zeros(len(digests), bool)
        new[np.unique(digests, return_index=True)[1]] = True
        new &= ~self.holds(digests)
        if new.any():
            self._arrays.append(np.sort(digests[new]))
        while len(self._arrays) > 1 and len(self._arrays[-2]) < 2 * len(self._arrays[-1]):
            self._arrays.append(np.sort(np.concatenate([self._arrays.pop(), self._arrays.pop()])))
        return new
