"""OUT as it is before a run: its model and settings, and which parts are there."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import NamedTuple

import pyarrow as arrow
import pyarrow.parquet as parquet
from pydantic import ValidationError

from radistill.archive.storage import Storage
from radistill.archive.work_plan import Block
from radistill.errors import UsageError
from radistill.runtime.open_bundle import Bundle
from radistill.schema.archive_figures import ArchiveSettings
from radistill.schema.card import CARD

MODEL = "_model"
ERRORS = b"radistill.errors"  # key of a part's footer
_SETTINGS = "_settings.json"
_OPTIONS = {"any_population": "--any-population", "model": "model", "threshold": "threshold"}
_AT_ONCE = 16  # requests


class PartSize(NamedTuple):
    films: int
    errors: int


def open_out(storage: Storage, settings: ArchiveSettings, bundle: Bundle) -> None:
    """Begin in an empty OUT, with a copy of the model for all workers, or go on in its own.

    Raises UsageError if it holds something else, or was scored by another model or settings.
    """
    if storage.is_empty():
        _write_model(storage, bundle)
        storage.write(_SETTINGS, settings.model_dump_json(indent=2).encode())
        return
    before = read_settings(storage)
    differs = [
        _OPTIONS.get(name, f"--{name}")
        for name in ArchiveSettings.model_fields
        if getattr(before, name) != getattr(settings, name)
    ]
    if differs:
        model = before.model
        raise UsageError(
            f"{storage.uri}: was scored with another {' and '.join(differs)} (its model is "
            f"{model.name} {model.version}, sha256 {model.sha256[:12]}); give the same again, or "
            "another --out"
        )
    _write_model(storage, bundle)


def _write_model(storage: Storage, bundle: Bundle) -> None:
    """Those files of it that are not there."""
    for name in sorted({CARD, *bundle.card.files} - set(storage.names(MODEL))):
        storage.write(f"{MODEL}/{name}", (bundle.folder / name).read_bytes())


def read_settings(storage: Storage) -> ArchiveSettings:
    """Raises UsageError if there is no OUT, it has none, or those of a newer version."""
    try:
        return ArchiveSettings.model_validate_json(storage.read(_SETTINGS))
    except (FileNotFoundError, NotADirectoryError):
        if storage.is_empty():
            raise UsageError(
                f"{storage.uri}: there is no archive; radistill score makes one"
            ) from None
        raise UsageError(
            f"{storage.uri}: is not empty, and not of radistill score; give a new --out"
        ) from None
    except ValidationError:
        raise UsageError(
            f"{storage.uri}/{_SETTINGS}: is damaged or of another version of radistill; give a new "
            "--out"
        ) from None


def finished_parts(storage: Storage, blocks: Sequence[Block]) -> dict[Block, PartSize]:
    """Blocks whose part is there and whole.

    Raises UsageError for a part that is damaged, and for a file that is no part of this archive.
    """
    by_part = {block.part: block for block in blocks}
    parts = [name for name in storage.names() if name[0] not in "_."]
    if unknown := [name for name in parts if name not in by_part]:
        raise UsageError(
            f"{storage.uri}/{unknown[0]}: is no part of this archive ({len(unknown)} such in all); "
            "move it away, since whoever reads the folder would count its rows"
        )
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        sizes = pool.map(lambda name: _size(storage, name, by_part[name].films), parts)
        return dict(zip((by_part[name] for name in parts), sizes, strict=True))


def _size(storage: Storage, part: str, films: int) -> PartSize:
    """films: as many as it must have, 0 where that is not known."""
    try:
        with storage.open(part) as file:
            footer = parquet.ParquetFile(file).metadata
        size = PartSize(footer.num_rows, int(footer.metadata[ERRORS]))
    except (arrow.ArrowException, OSError, KeyError, TypeError, ValueError):
        size = None
    if size is None or films not in (0, size.films):
        raise _damaged(storage, part)
    return size


@contextmanager
def opened_part(storage: Storage, part: str) -> Iterator[parquet.ParquetFile]:
    """A part that is read at once: what pyarrow then finds wrong is not the storage's fault.

    Raises UsageError if its pages are damaged.
    """
    data = storage.read(part)
    try:
        yield parquet.ParquetFile(io.BytesIO(data), page_checksum_verification=True)
    except (arrow.ArrowException, OSError, KeyError, ValueError):
        raise _damaged(storage, part) from None


def _damaged(storage: Storage, part: str) -> UsageError:
    return UsageError(
        f"{storage.uri}/{part}: is damaged, or not what radistill score wrote; remove it, and its "
        "films are scored again"
    )
