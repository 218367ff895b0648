"""SOURCE -> ids of films: a folder, a glob, a list or tar shards, on disk or behind a URI."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from glob import escape, glob, has_magic
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import pyarrow as arrow
import pyarrow.parquet as parquet
from fsspec import AbstractFileSystem

from radistill.archive.storage import denied, file_system, is_remote, patiently, shown
from radistill.errors import UsageError
from radistill.runtime.paths import AS_BYTES, NAMES, film_paths, from_text, may_be_a_film

TAR = ".tar"
LISTS = (".parquet", ".csv", ".jsonl", ".ndjson")
_TAKEN = {*NAMES, TAR}
_TEXTS = (
    *(arrow.types.is_string, arrow.types.is_large_string, arrow.types.is_string_view),
    *(arrow.types.is_binary, arrow.types.is_large_binary, arrow.types.is_null),
)


def film_ids(source: str, column: str = "path") -> Iterator[str]:
    """Paths or URIs as they stand there, links not resolved, in the order found.

    A folder or glob gives what `radistill predict` would take, and shards; behind a URI, where
    first bytes are not looked at, names of images and names without an ending or with a number for
    it, as DICOM has them. A list, several by a glob, or a folder of them with such a name, gives
    its `column`, relative to the folder that the list is in. An id that ends in .tar is a shard,
    which stands for the films in it.
    Raises UsageError, some only at the first film, for a SOURCE that is not there, may not be read,
    matches nothing, or is a list without this column.
    """
    kind = PurePosixPath(urlsplit(source).path if is_remote(source) else source).suffix.lower()
    if kind in LISTS:
        # A folder is one list: its paths are relative to where it stands, as those of a file are.
        place = None if has_magic(source) else source.rstrip("/")
        lists = _lists(source, kind)
        return chain.from_iterable(_of_list(one, place or one, kind, column) for one in lists)
    return _remote(source) if is_remote(source) else _local(source)


def is_shard(one: str) -> bool:
    """By the ending of its name, behind which a signed address has its signature."""
    named = one.partition("?")[0] if is_remote(one) else one
    return one.lower().endswith(TAR) or named.lower().endswith(TAR)


def _local(source: str) -> Iterator[str]:
    if not has_magic(source) and not os.path.lexists(source):
        raise UsageError(
            f"{source}: there is no such shard; a glob names several"
            if is_shard(source)
            else f"{source}: there is no such folder or list"
        )
    if os.path.isfile(source) and not may_be_a_film(Path(source), _TAKEN):
        raise UsageError(
            f"{source}: is neither a list ({', '.join(LISTS)}), a shard ({TAR}), nor a film"
        )
    return map(str, film_paths([source], _TAKEN))


def _remote(source: str) -> Iterator[str]:
    with _explained(source):
        fs, path = file_system(source)
        if has_magic(path):
            names = patiently(source, lambda: fs.glob(path))
            if not names:
                raise UsageError(f"{shown(source)}: matches no object")
            yield from (fs.unstrip_protocol(name) for name in names if _is_named_as_film(name))
            return
        if not patiently(source, lambda: fs.exists(path)):
            raise FileNotFoundError
        if is_shard(source):
            yield source
        else:
            yield from _below(fs, path, source)


def _below(fs: AbstractFileSystem, folder: str, source: str) -> Iterator[str]:
    """Folder by folder, so that an archive's names are never in memory at once."""
    entries = patiently(source, lambda: fs.ls(folder, detail=True))
    for entry in sorted(entries, key=lambda entry: str(entry["name"])):
        name = entry["name"]
        if name.rstrip("/") == folder.rstrip("/") or name.rstrip("/").split("/")[-1][:1] == ".":
            continue
        if entry["type"] == "directory":
            yield from _below(fs, name, source)
        elif _is_named_as_film(name):
            yield fs.unstrip_protocol(name)


def _is_named_as_film(name: str) -> bool:
    ending = PurePosixPath(urlsplit(name).path).suffix.lower()
    return ending in _TAKEN or not ending or ending[1:].isdigit()


def _lists(source: str, kind: str) -> list[str]:
    """Files of a list, which Spark and others write as a folder: films.parquet/part-0.parquet."""
    if is_remote(source):
        fs, path = file_system(source)
        with _explained(source):
            if not has_magic(path) and not patiently(source, lambda: fs.isdir(path)):
                return [source]
            pattern = path if has_magic(path) else f"{path}/*{kind}"
            names = patiently(source, lambda: fs.glob(pattern))
        files = [str(fs.unstrip_protocol(name)) for name in names]
    elif os.path.isdir(source):
        files = glob(f"{escape(source)}/*{kind}")
    elif has_magic(source) and not os.path.lexists(source):
        files = glob(source, recursive=True)
    else:
        return [source]
    if not files:
        raise UsageError(f"{shown(source)}: matches no list")
    return sorted(files)


def _of_list(source: str, place: str, kind: str, column: str) -> Iterator[str]:
    with _explained(source), _opened(source) as file:
        read = _parquet if kind == ".parquet" else _csv if kind == ".csv" else _json
        folder = place.rpartition("/")[0] if is_remote(source) else os.path.dirname(place)
        for given in read(file, shown(source), column):
            if given and not given.isspace():
                absolute = is_remote(given) or os.path.isabs(given)
                yield given if absolute else f"{folder}/{given}" if folder else given


def _parquet(file: BinaryIO, name: str, column: str) -> Iterator[str | None]:
    try:
        table = parquet.ParquetFile(file)
        field = table.schema_arrow.field(_place(name, column, table.schema_arrow.names))
        kind = field.type.value_type if arrow.types.is_dictionary(field.type) else field.type
        if not any(is_text(kind) for is_text in _TEXTS):
            raise UsageError(f"{name}: has no paths in {column!r} but {kind}")
        for batch in table.iter_batches(columns=[field.name]):
            yield from batch.column(0).cast(arrow.string()).to_pylist()
    except arrow.ArrowException as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"{name}: cannot be read as Parquet ({reason})") from None


def _csv(file: BinaryIO, name: str, column: str) -> Iterator[str]:
    text = io.TextIOWrapper(file, "utf-8-sig", errors=AS_BYTES, newline="")
    first = text.readline()
    lines = csv.reader(text, delimiter=max(",;\t", key=first.count), strict=True)
    header = next(csv.reader([first], delimiter=max(",;\t", key=first.count)), [])
    at = _place(name, column, [title.strip() for title in header])
    try:
        for cells in filter(None, lines):
            if len(cells) <= at:
                raise UsageError(
                    f"{name}: line {lines.line_num + 1} ends before its column {column!r}"
                )
            yield from_text(cells[at])
    except csv.Error as error:
        raise UsageError(f"{name}: is no CSV at line {lines.line_num + 1} ({error})") from None


def _json(file: BinaryIO, name: str, column: str) -> Iterator[str | None]:
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        try:
            value: Any = json.loads(line)
        except ValueError:
            raise UsageError(f"{name}: line {number} is no JSON") from None
        if not isinstance(value, dict) or column not in value:
            titles = value if isinstance(value, dict) else ()
            raise _no_column(f"{name}, line {number}", column, titles)
        if not isinstance(value[column], str | None):
            raise UsageError(f"{name}: line {number} has no path in {column!r}")
        yield value[column]


def _place(name: str, column: str, names: list[str]) -> int:
    """Where `column` stands, as written or in another case."""
    if column in names:
        return names.index(column)
    lower = [title.lower() for title in names]
    if column.lower() not in lower:
        raise _no_column(name, column, names)
    return lower.index(column.lower())


def _no_column(name: str, column: str, names: Iterable[str]) -> UsageError:
    has = ", ".join(names) or "none"
    return UsageError(f"{name}: has no column {column!r}, only: {has}. Name it with --column.")


@contextmanager
def _opened(source: str) -> Iterator[BinaryIO]:
    fs, path = file_system(source)

    def opened() -> BinaryIO:
        file: BinaryIO = fs.open(path, "rb")
        return file

    with patiently(source, opened) if is_remote(source) else opened() as file:
        yield file


@contextmanager
def _explained(source: str) -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, NotADirectoryError):
        raise UsageError(f"{shown(source)}: there is nothing there") from None
    except PermissionError:
        if is_remote(source):
            raise denied(source) from None
        raise UsageError(f"{source}: may not be read; change its permissions") from None
