"""A CSV of films: `path,label[,patient][,split][,subtype]`, or other columns and other labels."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from radistill.data.labels import plain
from radistill.data.sources.image_files import ImageFiles, is_synthetic, visible
from radistill.data.sources.source import SPLIT_NAMES, FilmSource, ListedFilm
from radistill.errors import UsageError
from radistill.files import read_csv

_SHOWN = 3  # names shown of many


@dataclass(frozen=True)
class FilmColumns:
    """Which column of somebody else's table is what; names are matched whatever their case.

    image: a path below the data folder, or a file name, with or without its ending, that occurs
    once below it. patient: empty for a column `patient` if there is one. classes: label in the
    table -> class; a film with none of these labels, or with labels of two classes, is left out.
    A cell may hold several labels, separated by `|`. Empty: labels are classes as written.
    """

    image: str = "path"
    label: str = "label"
    patient: str = ""
    classes: Mapping[str, str] = field(default_factory=dict)


def parse_classes(text: str) -> dict[str, str]:
    """`"No Finding=normal,Pneumonia=pneumonia"` as a dict; UsageError if it is not so written."""
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    if not pairs or not all(label.strip() and name.strip() for label, _, name in pairs):
        raise UsageError(f"--map {text!r}: write it as 'No Finding=normal,Pneumonia=pneumonia'")
    return {label.strip(): name.strip() for label, _, name in pairs}


def open_table(table: Path, root: Path, columns: FilmColumns | None = None) -> FilmSource:
    """List the films of a CSV (UTF-8, header in any case); paths stay inside `root`.

    A film listed twice with the same values counts once. Without `columns` the table is radistill's
    own: every row must name a file and a label, and `split` one of train, val and test in all rows
    or none. With them rows are left out, and counted, whose file is not there (public tables are
    often longer than the films one has) or whose label is in no class, and other splits mean none.

    Raises UsageError naming the line that is wrong, or if no film is left.
    """
    own, columns = columns is None, columns or FilmColumns()
    lines = _read(table, columns, own)
    places = _Places(root, by_name=not own)
    films: dict[str, tuple[int, ListedFilm]] = {}
    rows: dict[str, Mapping[str, str]] = {}
    left_out: list[str] = []
    missing: list[_MissingError] = []
    repeated = 0
    for line, row in lines:
        where = f"{table}: line {line}"
        given, label = row[columns.image.lower()], row[columns.label.lower()]
        class_name = _class_of(label, columns.classes)
        if class_name is None and own:
            raise UsageError(f"{where} ({given}) has no label")
        if class_name is None:
            left_out.append(label)
            continue
        try:
            path = places.find(given, where)
        except _MissingError as error:
            if own:
                raise
            missing.append(error)
            continue
        split = _split(row.get("split", ""), where if own else None)
        patient = row.get((columns.patient or "patient").lower(), "")
        film = ListedFilm(path, class_name, split, patient, row.get("subtype", ""))
        first, before = films.setdefault(path, (line, film))
        if before != film:
            raise UsageError(
                f"{table}: lines {first} and {line} name {path} with different values; "
                "keep one of them"
            )
        repeated += first != line
        rows.setdefault(path, row)
    if not films:
        raise (
            missing[0]
            if missing
            else UsageError(
                f"{table}: no row has a label of --map {_some(columns.classes)}; the column "
                f"{columns.label} holds {_some(left_out)}"
            )
        )
    listed = tuple(film for _, film in films.values())
    if own:
        _check_splits(table, listed)
    notes = []
    if repeated:
        notes.append(f"Rows of the CSV that repeat another are left out: {repeated}.")
    if left_out:
        notes.append(
            f"{len(left_out)} films have a label that --map leaves out: {_some(left_out)}."
        )
    if missing:
        notes.append(
            f"Rows left out since their file is not there: {len(missing)} of {len(lines)}; "
            f"the first: {missing[0]}."
        )
    return FilmSource(
        name=table.stem if own and root == table.parent else root.resolve().name,
        films=listed,
        reader=ImageFiles(root),
        keep_val=True,
        synthetic=is_synthetic(root),
        notes=tuple(notes),
        rows=rows,
    )


def _read(table: Path, columns: FilmColumns, own: bool) -> list[tuple[int, dict[str, str]]]:
    """Rows by column (in lower case), with their line numbers."""
    names, rows = read_csv(table)
    header = [name.strip().lower() for name in names]
    wanted = {"--image-column": columns.image, "--label-column": columns.label}
    wanted |= {"--patient-column": columns.patient} if columns.patient else {}
    for option, column in wanted.items():
        if header.count(column.lower()) != 1:
            hint = "" if own else f". Name the right one with {option}"
            raise UsageError(
                f"{table}: the first line must name the column '{column}' once; "
                f"it has: {', '.join(header) or 'nothing'}{hint}"
            )
    if not rows:
        raise UsageError(f"{table}: has no rows")
    for line, values in rows:
        if len(values) != len(header):
            raise UsageError(
                f"{table}: line {line} has {len(values)} values, "
                f"the header {len(header)}; quote a value that holds a comma"
            )
    return [(line, dict(zip(header, map(str.strip, row), strict=True))) for line, row in rows]


def _class_of(label: str, classes: Mapping[str, str]) -> str | None:
    if not classes:
        return label or None
    known = {plain(text): name for text, name in classes.items()}
    named = {known[plain(text)] for text in label.split("|") if plain(text) in known}
    return named.pop() if len(named) == 1 else None


def _split(text: str, where: str | None) -> str:
    """train, val, test or empty. where: place to name in the error of an unknown split."""
    split = SPLIT_NAMES.get(text.lower(), "")
    if text and not split and where is not None:
        raise UsageError(
            f"{where}: split '{text}' is unknown; "
            f"it is one of {', '.join(SPLIT_NAMES)}, or left empty in every row"
        )
    return split


def _check_splits(table: Path, films: tuple[ListedFilm, ...]) -> None:
    without = [film.path for film in films if not film.split]
    if without and len(without) < len(films):
        raise UsageError(
            f"{table}: {len(without)} of {len(films)} rows have no split "
            f"({', '.join(without[:_SHOWN])}); fill all of them or none"
        )


class _MissingError(UsageError):
    """A row names no file of the data folder."""


class _Places:
    """Finds a file below a folder by its path and, `by_name`, by its name with or without ending.

    Raises UsageError if several files have the name, _MissingError if none is found.
    """

    def __init__(self, root: Path, by_name: bool) -> None:
        self._root = root.resolve()
        self._by_name: dict[str, list[str]] | None = None if by_name else {}

    def find(self, given: str, where: str) -> str:
        given = given.replace("\\", "/")
        if not given:
            raise _MissingError(f"{where} has no path")
        try:
            place = (self._root / given).resolve()
            exists = place.is_file()
        except (OSError, ValueError, RuntimeError):  # too long, a NUL, a loop of links
            raise _MissingError(f"{where}: {given[:200]!r} is not a path") from None
        if Path(given).is_absolute() or not place.is_relative_to(self._root):
            raise _MissingError(
                f"{where}: {given[:200]} points outside of {self._root}; "
                "paths are relative to that folder and stay inside it"
            )
        if exists:
            return given
        if self._by_name is None:
            self._by_name = self._index()
        places = self._by_name.get(Path(given).name, [])
        if len(places) > 1:
            raise UsageError(
                f"{where}: {given[:200]} could be {_some(places)}; give its whole path"
            )
        if not places:
            raise _MissingError(f"{where}: there is no file {given[:200]!r} in {self._root}")
        return places[0]

    def _index(self) -> dict[str, list[str]]:
        by_name: dict[str, list[str]] = {}
        for file in sorted(self._root.rglob("*")):
            if file.is_file() and visible(file):
                for name in {file.name, file.stem}:
                    by_name.setdefault(name, []).append(file.relative_to(self._root).as_posix())
        return by_name


def _some(names: Iterable[str]) -> str:
    distinct = list(dict.fromkeys(names))
    more = f" and {len(distinct) - _SHOWN} more" if len(distinct) > _SHOWN else ""
    return ", ".join(distinct[:_SHOWN]) + more
