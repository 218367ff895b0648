"""A CSV of films: `path,label[,patient][,split][,subtype]`."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from radistill.data.manifest import SPLITS
from radistill.data.sources.image_files import ImageFiles, is_synthetic
from radistill.data.sources.source import FilmSource, ListedFilm
from radistill.errors import UsageError

_SPLIT_WORDS = {"training": "train", "valid": "val", "validation": "val", "testing": "test"}
_Row = tuple[int, dict[str, str]]  # line number, column -> value


def open_table(table: Path, root: Path) -> FilmSource:
    """List the films of a CSV (UTF-8, header in any case, other columns ignored).

    Paths are relative to `root` and must stay inside it. A row given twice counts once.
    Raises UsageError naming the line that is wrong.
    """
    rows = _read(table)
    seen: dict[str, tuple[int, ListedFilm]] = {}
    repeated = 0
    for line, row in rows:
        entry = _entry(table, line, row)
        before = seen.setdefault(entry.path, (line, entry))
        if before[0] == line:
            _check_path(table, line, root, entry.path)
        elif before[1] == entry:
            repeated += 1
        else:
            raise UsageError(
                f"{table}: lines {before[0]} and {line} name {entry.path} "
                "with different values; keep one of them"
            )
    entries = tuple(entry for _, entry in seen.values())
    _check_splits(table, entries)
    notes = (f"Rows of the CSV that repeat another are left out: {repeated}.",) if repeated else ()
    return FilmSource(
        name=table.stem if root == table.parent else root.resolve().name,
        films=entries,
        reader=ImageFiles(root),
        keep_val=True,
        synthetic=is_synthetic(root),
        notes=notes,
    )


def _read(table: Path) -> list[_Row]:
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            rows = list(_rows(table, file))
    except OSError as error:
        raise UsageError(f"{table}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise UsageError(f"{table}: is not UTF-8 text; save it as CSV UTF-8") from None
    except csv.Error as error:
        raise UsageError(f"{table}: is not a CSV ({error})") from None
    if not rows:
        raise UsageError(f"{table}: has no rows")
    return rows


def _rows(table: Path, lines: Iterator[str]) -> Iterator[_Row]:
    reader = csv.reader(lines)
    header = [name.strip().lower() for name in next(reader, [])]
    for column in ("path", "label"):
        if header.count(column) != 1:
            raise UsageError(
                f"{table}: the first line must name the column '{column}' once; "
                f"it has: {', '.join(header) or 'nothing'}"
            )
    for values in reader:
        if not any(value.strip() for value in values):
            continue
        if len(values) != len(header):
            raise UsageError(
                f"{table}: line {reader.line_num} has {len(values)} values, "
                f"the header {len(header)}; quote a value that holds a comma"
            )
        yield reader.line_num, dict(zip(header, (v.strip() for v in values), strict=True))


def _entry(table: Path, line: int, row: dict[str, str]) -> ListedFilm:
    path = row["path"].replace("\\", "/")
    if not path:
        raise UsageError(f"{table}: line {line} has no path")
    if not row["label"]:
        raise UsageError(f"{table}: line {line} ({path}) has no label")
    given = row.get("split", "").lower()
    split = _SPLIT_WORDS.get(given, given)
    if split and split not in SPLITS:
        raise UsageError(
            f"{table}: line {line}: split '{given}' is unknown; "
            f"it is one of {', '.join(SPLITS)}, or left empty in every row"
        )
    return ListedFilm(path, row["label"], split, row.get("patient", ""), row.get("subtype", ""))


def _check_path(table: Path, line: int, root: Path, path: str) -> None:
    inside = root.resolve()
    try:
        place = (inside / path).resolve()
        exists = place.is_file()
    except (OSError, ValueError, RuntimeError):  # too long, a NUL, a loop of links
        raise UsageError(f"{table}: line {line}: {path[:200]!r} is not a path") from None
    if not place.is_relative_to(inside) or Path(path).is_absolute():
        raise UsageError(
            f"{table}: line {line}: {path} points outside of {root}; "
            "paths are relative to that folder and stay inside it"
        )
    if not exists:
        raise UsageError(f"{table}: line {line}: there is no file {path} in {root}")


def _check_splits(table: Path, entries: tuple[ListedFilm, ...]) -> None:
    without = [entry.path for entry in entries if not entry.split]
    if without and len(without) < len(entries):
        raise UsageError(
            f"{table}: {len(without)} of {len(entries)} rows have no split "
            f"({', '.join(without[:3])}); fill all of them or none"
        )
