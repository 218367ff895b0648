"""A CSV of films: `path,label[,patient][,split][,subtype]`, or other columns and other labels."""

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from radistill.data.labels import plain
from radistill.data.manifest import UNLABELLED
from radistill.data.sources.image_files import ImageFiles, is_synthetic, some, visible
from radistill.data.sources.masks import is_mask
from radistill.data.sources.source import SPLIT_NAMES, FilmSource, ListedFilm
from radistill.errors import UsageError, counted
from radistill.files import read_csv


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


def columns_of(
    image: str | None, label: str | None, patient: str | None, classes: str | None
) -> FilmColumns | None:
    """The columns that options name, None if they name none; `classes` as `parse_classes` reads."""
    if not any((image, label, patient, classes)):
        return None
    mapped = parse_classes(classes) if classes else {}
    return FilmColumns(image or "path", label or "label", patient or "", mapped)


def open_table(
    table: Path, root: Path, columns: FilmColumns | None = None, *, unlabelled: bool = False
) -> FilmSource:
    """List the films of a CSV (UTF-8, header in any case); relative paths stay inside `root`.

    Rows of one film, such as one a box, count once. Without `columns` the table is radistill's
    own: every row must name a file and a label, and every split be one of `SPLIT_NAMES`. With them
    rows are left out, and counted, whose file is not there (public tables are often longer than
    the films one has) or whose label is in no class, and other splits mean none.

    unlabelled: take rows without a label too, unless they are of val or test; they are of the split
    `unlabelled`.

    Raises UsageError naming the lines that are wrong, or if no film is left.
    """
    own, columns = columns is None, columns or FilmColumns()
    wanted = {"--image-column": columns.image, "--label-column": columns.label}
    wanted |= {"--patient-column": columns.patient} if columns.patient else {}
    lines = read_rows(table, wanted)
    places = _Places(root, by_name=not own)
    films: dict[str, tuple[int, ListedFilm]] = {}
    rows: dict[str, Mapping[str, str]] = {}
    left_out: list[str] = []
    missing: list[_MissingError] = []
    differing: list[str] = []
    repeated = 0
    for line, row in lines:
        where = f"{table}: line {line}"
        given, label = row[columns.image.lower()], row[columns.label.lower()]
        class_name = class_of(label, columns.classes)
        split = _split(row.get("split", ""), where if own else None)
        if unlabelled and not label and split not in ("val", "test"):
            class_name, split = "", UNLABELLED
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
        patient = row.get((columns.patient or "patient").lower(), "")
        subtype = row.get("subtype", "") if class_name else ""
        film = ListedFilm(path, class_name, split, patient, subtype)
        first, before = films.setdefault(path, (line, film))
        if before != film:
            differing.append(f"lines {first} and {line} name {path} with different values")
        repeated += first != line
        rows.setdefault(path, row)
    if differing:
        raise UsageError(f"{table}: {some(differing)}; keep one of them")
    if not films:
        raise (
            missing[0]
            if missing
            else UsageError(
                f"{table}: no row has a label of --map {some(columns.classes)}; the column "
                f"{columns.label} holds {some(left_out)}"
            )
        )
    notes, local_notes = [], []
    if repeated:
        notes.append(f"Rows of the CSV that repeat another are left out: {repeated}.")
    if left_out:
        notes.append(
            f"{counted(len(left_out), 'film')} of a label that --map leaves out: {some(left_out)}."
        )
    if missing:
        local_notes.append(
            f"Rows left out since their file is not there: {len(missing)} of {len(lines)}; "
            f"the first: {missing[0]}."
        )
    return FilmSource(
        name=table.stem if own and root == table.parent else root.resolve().name,
        films=tuple(film for _, film in films.values()),
        reader=ImageFiles(root),
        keep_val=True,
        synthetic=is_synthetic(root),
        notes=tuple(notes),
        local_notes=tuple(local_notes),
        rows=rows,
    )


def read_rows(table: Path, wanted: Mapping[str, str]) -> list[tuple[int, dict[str, str]]]:
    """Rows by column (in lower case), with their line numbers.

    wanted: columns that there must be, by the option that names each. Raises UsageError.
    """
    names, rows = read_csv(table)
    header = [name.strip().lower() for name in names]
    for option, column in wanted.items():
        if header.count(column.lower()) != 1:
            raise UsageError(
                f"{table}: the first line must name the column '{column}' once; "
                f"it has: {', '.join(header) or 'nothing'}. Name the right one with {option}"
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


def class_of(label: str, classes: Mapping[str, str]) -> str | None:
    """The class of a cell, as `FilmColumns.classes` names them; None if it is of none or two."""
    if not classes:
        return label or None
    known = {plain(text): name for text, name in classes.items()}
    named = {known[plain(text)] for text in label.split("|") if plain(text) in known}
    return named.pop() if len(named) == 1 else None


def _split(text: str, where: str | None) -> str:
    """train, val, test or empty. where: place to name in the error of an unknown split."""
    split = SPLIT_NAMES.get(text.lower(), "")
    if text and not split and where is not None and text.lower() != UNLABELLED:
        raise UsageError(
            f"{where}: split '{text}' is unknown; "
            f"it is one of {', '.join(SPLIT_NAMES)}, or left empty in every row"
        )
    return split


class _MissingError(UsageError):
    """A row names no file of the data folder."""


class _Places:
    """Finds a file by its path, whatever its case and slashes, and `by_name` of those below a
    folder, with or without ending, masks aside.

    Raises UsageError if several files have the name, _MissingError if none is found.
    """

    def __init__(self, root: Path, by_name: bool) -> None:
        self._root = root.resolve()
        self._given = root.absolute()
        self._by_name = by_name
        self._index: dict[str, list[str]] | None = None

    def find(self, given: str, where: str) -> str:
        """The path below the folder; an absolute path as it is if it leads elsewhere."""
        given = given.replace("\\", "/")
        if not given:
            raise _MissingError(f"{where} has no path")
        path = Path(posixpath.normpath(given))
        try:
            place = (self._root / path).resolve()
            exists = place.is_file()
        except (OSError, ValueError, RuntimeError):  # too long, a NUL, a loop of links
            raise _MissingError(f"{where}: {given[:200]!r} is not a path") from None
        if not path.is_absolute() and not place.is_relative_to(self._root):
            raise _MissingError(
                f"{where}: {given[:200]} points outside of {self._root}; "
                "relative paths start in that folder and stay inside it"
            )
        for root in (self._root, self._given):
            if path.is_relative_to(root):
                path = path.relative_to(root)
        if exists:
            return path.as_posix()
        places = self._others(path)
        if len(places) > 1:
            raise UsageError(f"{where}: {given[:200]} could be {some(places)}; give its whole path")
        if not places:
            raise _MissingError(f"{where}: there is no file {given[:200]!r} in {self._root}")
        return places[0]

    def _others(self, path: Path) -> list[str]:
        """Files that have this path or name in another case, or as a name alone."""
        if self._index is None:
            self._index = {}
            for file in sorted(self._root.rglob("*")):
                inner = file.relative_to(self._root)
                if file.is_file() and visible(file):
                    names = {inner.as_posix()}
                    if self._by_name and not any(map(is_mask, (*inner.parts[:-1], inner.stem))):
                        names |= {file.name, file.stem}
                    for name in {name.casefold() for name in names}:
                        self._index.setdefault(name, []).append(inner.as_posix())
        for name in (path.as_posix(), path.name if self._by_name else ""):
            if places := self._index.get(name.casefold()):
                alike = [place for place in places if Path(place).name == path.name]
                return alike if len(alike) == 1 else places
        return []
