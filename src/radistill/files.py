"""Files: atomic writes (beside their place, then renamed into it), sha256, and CSV."""

import csv
import errno
import hashlib
import json
import math
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from radistill.errors import RadistillError, UsageError


def sha256(source: Path | bytes) -> str:
    """Hexadecimal SHA-256 of bytes, or of a file's. Raises OSError."""
    if isinstance(source, bytes):
        return hashlib.sha256(source).hexdigest()
    with source.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` if the block succeeds.

    Raises RadistillError if the disk is full or the folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise unwritable(error, path) from error
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def replacing_folder(folder: Path) -> Iterator[Path]:
    """Yield an empty folder beside `folder`; put it in its place if the block succeeds.

    An older folder is removed only once the new one is in place. Raises RadistillError if the disk
    is full or the folder cannot be written.
    """
    folder = folder.absolute()
    work = folder.parent / f".{folder.name}.{os.getpid()}.partial"
    try:
        work.mkdir(parents=True)
        yield work
        move_folder(work, folder)
    except OSError as error:
        raise unwritable(error, folder) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def move_folder(work: Path, folder: Path) -> None:
    """Put `work` in the place of `folder`, and then remove what was there. Raises OSError."""
    old = folder.parent / f".{folder.name}.{os.getpid()}.old.partial"
    if folder.exists():
        os.replace(folder, old)
    try:
        os.replace(work, folder)
    except OSError:
        if old.exists():
            os.replace(old, folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def unwritable(error: OSError, path: Path) -> RadistillError:
    """Turn an operating-system error about `path` into one that says what to do."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return RadistillError(
            f"{path}: the disk is full. Free some space and run the same command again; "
            "what is finished is kept."
        )
    return RadistillError(f"{path}: cannot be written ({error.strerror or error}).")


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 `text` to `path` atomically."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="")


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON to `path` atomically.

    Raises RadistillError, naming the key, if a number is NaN or infinite, which JSON cannot hold.
    """
    try:
        text = json.dumps(value, indent=2, allow_nan=False)
    except ValueError:
        key, number = next(_not_finite(value))
        raise RadistillError(
            f"{path}: not written, since {key} is {number}. This is a fault of radistill: a figure "
            "that the films do not determine is to be null. Report it with this line."
        ) from None
    write_text(path, text + "\n")


def _not_finite(value: Any, key: str = "") -> Iterator[tuple[str, float]]:
    """The numbers in plain values that are NaN or infinite, with their keys: `test.auc`."""
    if isinstance(value, float) and not math.isfinite(value):
        yield key or "the value", value
    if isinstance(value, list | tuple):
        value = dict(enumerate(value))
    for name, part in value.items() if isinstance(value, dict) else ():
        yield from _not_finite(part, f"{key}.{name}" if key else str(name))


def csv_writer(file: TextIO) -> Callable[[Sequence[Any]], object]:
    """A function that writes a row; a carriage return is quoted, which `csv` leaves out."""
    plain = csv.writer(file, lineterminator="\n")
    quoted = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
    return lambda row: (
        quoted if any(isinstance(cell, str) and "\r" in cell for cell in row) else plain
    ).writerow(row)


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a CSV with `header` to `path` atomically."""
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        write = csv_writer(file)
        for row in (header, *rows):
            write(row)


def read_csv(path: Path, errors: str = "strict") -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The header of a UTF-8 CSV, and its rows with their line numbers; blank rows are left out.

    Separated by comma, semicolon or tab, whichever the first line has most of. errors: what to do
    with bytes that are no UTF-8, as of `open`.
    Raises UsageError if the file cannot be read or is no CSV, such as for a quote that is not
    closed, which would swallow the rows behind it.
    """
    last = 0
    try:
        with path.open(encoding="utf-8-sig", errors=errors, newline="") as file:
            delimiter = max(",;\t", key=file.readline().count)
            file.seek(0)
            reader = csv.reader(file, delimiter=delimiter, strict=True)
            header, rows = next(reader, []), []
            last = reader.line_num
            for row in reader:
                last = reader.line_num
                if any(map(str.strip, row)):
                    rows.append((last, row))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: is not UTF-8 text; save it as CSV UTF-8") from None
    except csv.Error as error:
        raise UsageError(
            f"{path}: is not a CSV at line {last + 1} ({error}); is a quote there never closed?"
        ) from None
    return header, rows


def write_with(path: Path, save: Callable[[Path], Any]) -> None:
    """Let `save(temporary)` write a file, then rename it to `path`."""
    with replacing(path) as temporary:
        save(temporary)
