"""A table of films in somebody else's layout: columns of other names, labels of other words."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from radistill.data.labels import plain
from radistill.data.sources.image_files import ImageFiles, is_synthetic, visible
from radistill.data.sources.source import FilmSource, ListedFilm
from radistill.errors import UsageError

LISTED = 3  # names shown of many


@dataclass(frozen=True)
class Layout:
    """Which column is what. Column names are matched whatever their case.

    image: a path below the data folder, or a file name, with or without its ending, that occurs
    once below it. patient: empty for a column `patient` if there is one. classes: word in the
    label column -> class; a film with none of these words, or with words of two classes, is left
    out. A label may hold several words, parted by `|`. Empty: labels are classes as they stand.
    """

    image: str = "path"
    label: str = "label"
    patient: str = ""
    classes: Mapping[str, str] = field(default_factory=dict)


def parse_map(text: str) -> dict[str, str]:
    """`"No Finding=normal,Pneumonia=pneumonia"` as a dict; UsageError if it is not so written."""
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    if not pairs or not all(word.strip() and name.strip() for word, _, name in pairs):
        raise UsageError(f"--map {text!r}: write it as 'No Finding=normal,Pneumonia=pneumonia'")
    return {word.strip(): name.strip() for word, _, name in pairs}


def open_layout(
    table: Path, root: Path, layout: Layout
) -> tuple[FilmSource, dict[str, dict[str, str]]]:
    """The films of `table`, with the row of each by its path, for groups by other columns.

    Rows whose image is not there are counted and left out, since a public table is often longer
    than the part of its films that one has. Raises UsageError if the table cannot be read, a column
    is missing, an image occurs more than once below `root`, a film stands twice, or none is left.
    """
    rows = _read(table, layout)
    places = _Places(root)
    entries: list[ListedFilm] = []
    about: dict[str, dict[str, str]] = {}
    left_out: list[str] = []
    missing: list[_MissingError] = []
    for line, row in enumerate(rows, start=2):
        label = _class_of(row[layout.label.lower()], layout.classes)
        if label is None:
            left_out.append(row[layout.label.lower()])
            continue
        try:
            path = places.find(row[layout.image.lower()], f"{table}: line {line}")
        except _MissingError as error:
            missing.append(error)
            continue
        if path in about:
            raise UsageError(f"{table}: line {line}: {path} stands twice; keep one of them")
        about[path] = row
        patient = row.get((layout.patient or "patient").lower(), "")
        split = row.get("split", "").lower()
        entries.append(
            ListedFilm(
                path,
                label,
                split if split in ("train", "val", "test") else "",
                patient,
                row.get("subtype", ""),
            )
        )
    if not entries and missing:
        raise missing[0]
    if not entries:
        raise UsageError(
            f"{table}: no row has a label of --map {_some(layout.classes)}; the column "
            f"{layout.label} holds {_some(left_out)}"
        )
    notes: tuple[str, ...] = ()
    if left_out:
        notes = (f"{len(left_out)} films have a label that --map leaves out: {_some(left_out)}.",)
    if missing:
        notes += (f"Rows left out since their file is not there: {len(missing)} of {len(rows)}; "
                  f"the first: {missing[0]}.",)  # fmt: skip
    source = FilmSource(
        name=root.resolve().name,
        films=tuple(entries),
        reader=ImageFiles(root),
        keep_val=True,
        synthetic=is_synthetic(root),
        notes=notes,
    )
    return source, about


def _read(table: Path, layout: Layout) -> list[dict[str, str]]:
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restkey="", restval="")
            header = [name.strip().lower() for name in reader.fieldnames or []]
            reader.fieldnames = header
            rows = [{k: str(v).strip() for k, v in row.items()} for row in reader]
    except OSError as error:
        raise UsageError(f"{table}: cannot be read ({error.strerror})") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{table}: is not a CSV in UTF-8 ({error})") from None
    wanted = {"--image-column": layout.image, "--label-column": layout.label}
    wanted |= {"--patient-column": layout.patient} if layout.patient else {}
    for option, column in wanted.items():
        if column.lower() not in header:
            raise UsageError(
                f"{table}: no column '{column}'; it has {', '.join(header) or 'none'}. "
                f"Name the right one with {option}."
            )
    return rows


def _class_of(label: str, classes: Mapping[str, str]) -> str | None:
    if not classes:
        return label or None
    known = {plain(word): name for word, name in classes.items()}
    found = {known[plain(word)] for word in label.split("|") if plain(word) in known}
    return found.pop() if len(found) == 1 else None


class _MissingError(UsageError):
    """A row names an image that is not there."""


class _Places:
    """Finds an image below a folder by its path, its name or its name without ending."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._by_name: dict[str, list[str]] | None = None

    def find(self, given: str, where: str) -> str:
        given = given.replace("\\", "/")
        try:
            place = (self._root / given).resolve()
            if given and place.is_relative_to(self._root) and place.is_file():
                return place.relative_to(self._root).as_posix()
        except (OSError, ValueError, RuntimeError):  # too long, a NUL, a loop of links
            pass
        if self._by_name is None:
            self._by_name = self._index()
        outside = Path(given).is_absolute() or ".." in Path(given).parts
        found = [] if outside else self._by_name.get(Path(given).name, [])
        if len(found) == 1:
            return found[0]
        if found:
            raise UsageError(f"{where}: {given[:200]} could be {_some(found)}; give its whole path")
        raise _MissingError(f"{where}: there is no file {given[:200]!r} in {self._root}")

    def _index(self) -> dict[str, list[str]]:
        by_name: dict[str, list[str]] = {}
        for file in sorted(self._root.rglob("*")):
            if file.is_file() and visible(file):
                path = file.relative_to(self._root).as_posix()
                for name in {file.name, file.stem}:
                    by_name.setdefault(name, []).append(path)
        return by_name


def _some(names: Sequence[str] | Mapping[str, str]) -> str:
    distinct = list(dict.fromkeys(names))
    more = f" and {len(distinct) - LISTED} more" if len(distinct) > LISTED else ""
    return ", ".join(distinct[:LISTED]) + more
