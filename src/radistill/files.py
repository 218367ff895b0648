"""Files: atomic writes (beside their place, then renamed into it), sha256, and CSV."""

import csv
import errno
import hashlib
import json
import math
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, TextIO

from radistill.errors import RadistillError, UsageError

try:
    import fcntl

    _fcntl: Any = fcntl
except ImportError:  # Windows
    _fcntl = None

SCRATCH = re.compile(r"\.(?P<name>.+)\.[0-9a-f]+(?P<old>\.old)?\.partial")


def sha256(source: Path | bytes) -> str:
    """Hexadecimal SHA-256 of bytes, or of a file's. Raises OSError."""
    if isinstance(source, bytes):
        return hashlib.sha256(source).hexdigest()
    with source.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` if the block succeeds.

    What was written is on the disk before the name is, so that a power cut leaves the older file or
    the newer. Raises RadistillError if the disk is full or the folder cannot be written.
    """
    temporary = _scratch(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(error, path) from error
    try:
        flags = os.O_CREAT | os.O_EXCL | os.O_RDWR
        with _held(os.open(temporary, flags, 0o666) if _fcntl else None):
            _sweep(path)
            yield temporary
            to_disk(temporary)
            os.replace(temporary, path)
        to_disk(path.parent)
    except OSError as error:
        with suppress(OSError):  # as the rest, on a read-only disk
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
    work = _scratch(folder)
    try:
        work.mkdir(parents=True)
        with _held(os.open(work, os.O_RDONLY) if _fcntl else None):
            _sweep(folder)
            yield work
            move_folder(work, folder)
    except OSError as error:
        raise unwritable(error, folder) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def move_folder(work: Path, folder: Path) -> None:
    """Put `work`, with all in it on the disk, in the place of `folder`, and then remove what was
    there. Raises OSError."""
    old = _scratch(folder, ".old")
    for place, _, names in os.walk(work, topdown=False):
        for name in names:
            to_disk(Path(place, name))
        to_disk(Path(place))
    if folder.exists():
        os.replace(folder, old)
    try:
        os.replace(work, folder)
    except OSError:
        if old.exists():
            os.replace(old, folder)
        raise
    to_disk(folder.parent)
    shutil.rmtree(old, ignore_errors=True)


def tidy(left: Path) -> None:
    """Clear up what a process that was killed left beside the place of a file or folder.

    The older folder goes back if its place is empty. Raises OSError.
    """
    match = SCRATCH.fullmatch(left.name)
    if match and match["old"] and not (place := left.parent / match["name"]).exists():
        os.replace(left, place)
    elif left.is_dir():
        shutil.rmtree(left)
    else:
        left.unlink(missing_ok=True)


def _scratch(path: Path, kind: str = "") -> Path:
    """A name of its own: processes of two containers have the same number."""
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}{kind}.partial")


@contextmanager
def _held(file: int | None) -> Iterator[None]:
    """Lock what is open until the block ends or the process dies, then close it.

    file: None on Windows, which renames nothing that is open.
    """
    try:
        if file is not None:
            lock(file)
        yield
    finally:
        if file is not None:
            os.close(file)


def lock(file: int) -> bool:
    """Whether nobody else has it. On Windows and where there are no locks nobody knows."""
    try:
        _fcntl.flock(file, _fcntl.LOCK_EX | _fcntl.LOCK_NB)
    except (AttributeError, OSError):
        return False
    return True


def _sweep(path: Path) -> None:
    """Clear up what killed processes left of `path`, which is all of it that nobody holds."""
    for left in _left_in(path.parent.absolute()).get(path.name, ()):
        with suppress(OSError):
            file = os.open(left, os.O_RDONLY)
            try:
                abandoned = lock(file)
            finally:
                os.close(file)
            if abandoned:
                tidy(left)


@cache  # a folder of a million heat maps is not listed for each of them
def _left_in(folder: Path) -> dict[str, list[Path]]:
    """What there is of files and folders in `folder`, by name, when it is first written to."""
    left: dict[str, list[Path]] = {}
    for path in folder.iterdir():
        if match := SCRATCH.fullmatch(path.name):
            left.setdefault(match["name"], []).append(path)
    return left


def to_disk(path: Path) -> None:
    """Wait until a file, or the names in a folder, would outlast a power cut. Raises OSError."""
    if path.is_symlink() or (path.is_dir() and _fcntl is None):
        return  # Windows opens no folders, and nothing that is only read
    file = os.open(path, os.O_RDONLY if _fcntl else os.O_RDWR)
    try:
        os.fsync(file)
    except OSError as error:
        if error.errno != errno.EINVAL:  # of a file system that cannot
            raise
    finally:
        os.close(file)


def unwritable(
    error: OSError, path: Path, again: str = "run the same command again"
) -> RadistillError:
    """Turn an operating-system error about `path` into one that says what to do.

    again: how to go on once there is space.
    """
    if isinstance(error, shutil.Error):  # of copytree, which gives the errors of all files as text
        numbers = re.findall(r"\[Errno (\d+)\]", str(error))
        error = OSError(int(numbers[0]), os.strerror(int(numbers[0]))) if numbers else error
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return RadistillError(
            f"{path}: the disk is full. Free some space and {again}; what is finished is kept."
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
