"""Files, folders, globs, a CSV or standard input -> paths of films, lazily."""

import os
import stat
import sys
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from glob import has_magic, iglob
from io import TextIOWrapper
from itertools import chain
from pathlib import Path
from typing import TextIO

from radistill.errors import UsageError
from radistill.files import read_csv

STDIN = "-"
NAMES = {".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp", ".webp", ".dcm", ".dicom"}
AS_BYTES = "surrogateescape"  # how Python holds names that are no UTF-8, and writes them unchanged
FORMULA = tuple("=+-@\t\r\n")  # what a spreadsheet may take for the start of one
_HEAD = 512


def film_paths(named: Iterable[str], names: AbstractSet[str] = NAMES) -> Iterator[Path]:
    """Paths in the order named, those of a folder sorted.

    A file that is named is taken whatever it holds. Of a folder, with all below it, those are
    taken whose ending is in `names` or whose first bytes are of an image; hidden files, pipes and
    devices are not, and links to folders are not followed. A CSV gives its column `path`, in any
    case, relative to the CSV; `-` gives the lines of standard input.
    Raises UsageError, before the first path, for a glob that matches nothing and for a CSV without
    that column.
    """
    return chain.from_iterable([_behind(name, names) for name in named])


def as_bytes(stream: TextIO) -> None:
    """Let names that are no UTF-8 pass through a standard stream."""
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors=AS_BYTES)


def _behind(name: str, names: AbstractSet[str]) -> Iterable[Path]:
    if name == STDIN:
        if sys.stdin is None:
            raise UsageError("standard input is closed; name the films")
        as_bytes(sys.stdin)
        lines = (line.rstrip("\r\n") for line in sys.stdin)
        return (Path(line) for line in lines if line)
    if os.path.isdir(name):
        return _below(name, names)
    if name.lower().endswith(".csv"):
        return _of_csv(Path(name))
    if has_magic(name) and not os.path.lexists(name):
        return _matching(name, names)
    return [Path(name)]


def _below(folder: str, names: AbstractSet[str]) -> Iterator[Path]:
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = Path(here, name)
            if not name.startswith(".") and may_be_a_film(path, names):
                yield path


def may_be_a_film(path: Path, names: AbstractSet[str] = NAMES) -> bool:
    """Whether its ending is in `names`, or its first bytes are of an image."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return False
        if path.suffix.lower() in names:
            return True
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return path.suffix.lower() in names  # named so, but gone or locked: that is reported later
    from radistill.imaging.read import format_of

    return format_of(head) is not None


def _of_csv(file: Path) -> list[Path]:
    names, rows = read_csv(file, errors=AS_BYTES)
    header = [name.strip().lower() for name in names]
    if "path" not in header:
        raise UsageError(
            f"{file}: has no column 'path' in its first line; it has: {', '.join(header)}"
        )
    column = header.index("path")
    short = next((line for line, row in rows if len(row) <= column), None)
    if short is not None:
        raise UsageError(f"{file}: line {short} ends before its column 'path'")
    return [_written(file.parent, row[column]) for _, row in rows if row[column].strip()]


def _written(folder: Path, given: str) -> Path:
    """A path of a CSV, as given if it is there; else without what other programs put into it."""
    path = folder / given
    if os.path.lexists(path):
        return path
    given = from_text(given.strip())
    return path if os.path.lexists(path := folder / given) else folder / given.replace("\\", "/")


def from_text(cell: str) -> str:
    """A cell of a CSV of results, without the quote that keeps a formula from running."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA) else cell


def _matching(pattern: str, names: AbstractSet[str]) -> Iterable[Path]:
    matched = sorted(iglob(pattern, recursive=True))
    if not matched:
        raise UsageError(f"{pattern}: matches no file")
    return chain.from_iterable(
        _below(name, names) if os.path.isdir(name) else [Path(name)] for name in matched
    )
