"""A block of the plan -> its part. Runs in an actor that opens the model once."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as arrow
import pyarrow.parquet as parquet

from radistill.archive.film_bytes import Source, films_in_shard, films_of
from radistill.archive.film_list import is_shard
from radistill.archive.film_rows import LIMITS, RowMaker, row_path
from radistill.archive.out_folder import ERRORS, MODEL, opened_part, read_settings
from radistill.archive.storage import Storage
from radistill.archive.work_plan import Block, ids_of
from radistill.errors import RadistillError
from radistill.imaging.sandbox.intake import Intake
from radistill.runtime.decision import Settings
from radistill.runtime.open_bundle import Bundle
from radistill.runtime.predictor import Predictor

TRYING = "_trying"
_MOST_TRIES = 20


class BlockScorer:
    """Scores blocks; a callable for Ray Data's `map`, one in each actor."""

    def __init__(self, out: str) -> None:
        self._storage = Storage(out)

    @cached_property
    def _maker(self) -> RowMaker:
        settings = read_settings(self._storage)
        with tempfile.TemporaryDirectory() as folder:
            for name in self._storage.names(MODEL):
                Path(folder, name).write_bytes(self._storage.read(f"{MODEL}/{name}"))
            bundle = Bundle.load(Path(folder), precision=settings.precision, threads=1)
        decided = Settings(
            threshold=settings.threshold,
            band=settings.band,
            any_population=settings.any_population,
            views=settings.embeddings,
            sketch=settings.sketch,
        )
        return RowMaker(Predictor(bundle), decided, settings.embeddings, settings.overviews)

    def __call__(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Write the part of a block; how many films it has, and how many of them failed.

        row: the fields of a `Block`, and whether to retry its errors. A problem that is none of a
        film, such as a full disk, comes back as a message: Ray would try the block again.
        """
        block = Block(*(row[name] for name in Block._fields))
        try:
            table = self._score(block, bool(row["retry"]))
        except RadistillError as error:
            return {"films": 0, "errors": 0, "problem": str(error), "status": error.exit_code}
        return {"films": table.num_rows, "errors": _errors(table), "problem": "", "status": 0}

    def _score(self, block: Block, retry: bool) -> arrow.Table:
        """The part's rows. A block that an actor died over is decoded in the sandbox.

        A file under _trying tells of it: it is there as long as a block is being scored. So it also
        is after a kill of the whole job, where the sandbox costs a little time and no row.
        """
        marker = f"{TRYING}/{block.name}.tries"
        tries = self._tries(marker)
        ids = ids_of(self._storage, block)
        if tries >= _MOST_TRIES:
            raise RadistillError(
                f"{ids[0]}: its block of films has ended {tries} workers. Look for what ends them "
                f"(memory?), remove {self._storage.uri}/{marker}, and run the same command again."
            )
        self._storage.write(marker, str(tries + 1).encode())
        try:
            before = self._part(block) if retry else None
            with self._decoding(careful=tries > 0) as maker:
                table = maker.table(_films(ids, before), block.name)
            if before is not None:
                table = _merged(before, table)
            self._storage.write(block.part, _written(table))
        except RadistillError:  # no worker's death
            with suppress(RadistillError):
                self._storage.remove(marker)
            raise
        self._storage.remove(marker)
        return table

    def _tries(self, marker: str) -> int:
        try:
            return int(self._storage.read(marker))
        except (FileNotFoundError, ValueError):
            return 0

    def _part(self, block: Block) -> arrow.Table:
        with opened_part(self._storage, block.part) as file:
            return file.read()

    @contextmanager
    def _decoding(self, *, careful: bool) -> Iterator[RowMaker]:
        if not careful:
            yield replace(self._maker, guard=True)
            return
        with Intake(workers=1, limits=LIMITS) as intake:
            yield replace(self._maker, intake=intake)


def _films(ids: list[str], before: arrow.Table | None) -> Iterator[Source]:
    """Of a block's `ids`; with the part as it was before, those that failed then."""
    if not is_shard(ids[0]):
        again = ids if before is None else [ids[at] for at in np.flatnonzero(_failed(before))]
        return films_of(again, LIMITS)
    films = films_in_shard(ids[0], LIMITS)
    if before is None:
        return films
    good = frozenset(before.filter(arrow.array(~_failed(before))).column("path").to_pylist())
    return (film for film in films if row_path(film) not in good)


def _merged(before: arrow.Table, again: arrow.Table) -> arrow.Table:
    """The rows of `before` with those that failed replaced, in the order of the block's ids."""
    failed = _failed(before)
    rows = arrow.concat_tables([before.filter(arrow.array(~failed)), again])
    if again.num_rows != failed.sum():  # a shard that has more films now; its order is its own
        return rows
    return rows.take(np.argsort(np.r_[np.flatnonzero(~failed), np.flatnonzero(failed)]))


def _failed(table: arrow.Table) -> np.ndarray:
    return np.array(table.column("error_code").is_valid().to_pylist(), bool)


def _errors(table: arrow.Table) -> int:
    return int(table.num_rows - table.column("error_code").null_count)


def _written(table: arrow.Table) -> bytes:
    """A Parquet file; how many of its films failed stands in the footer, which is quickly read."""
    file = io.BytesIO()
    table = table.replace_schema_metadata({ERRORS: str(_errors(table))})
    parquet.write_table(table, file, compression="zstd", write_page_checksum=True)
    return file.getvalue()
