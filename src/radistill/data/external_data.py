"""Films from elsewhere, in whatever layout, for a model that exists."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from radistill.config import DataConfig
from radistill.data.dataset import Dataset
from radistill.data.labels import plain
from radistill.data.load import read_films
from radistill.data.patients import UNKNOWN, UNKNOWN_ELSEWHERE
from radistill.data.sources import open_source
from radistill.data.sources.table import FilmColumns
from radistill.errors import UsageError

_KNOWN = ("path", "label", "split", "patient", "subtype")  # columns with a meaning of their own

Rows = Mapping[str, Mapping[str, str]]  # path of a film -> its row of the table, by column


@dataclass(frozen=True)
class ExternalData:
    """Films to score a model on.

    path: as of `load_dataset`. labels: a table of the films in that folder. columns: of the table,
    if they are not radistill's own. split: only the films that the data set itself puts there.
    """

    path: Path
    labels: Path | None = None
    columns: FilmColumns | None = None
    split: str | None = None


def read_external(
    data: ExternalData,
    config: DataConfig,
    classes: tuple[str, ...],
    positive: str,
    *,
    size: int,
    cache: Path,
) -> tuple[Dataset, Rows]:
    """The films, and the rows of their table by path where columns were named.

    size: of the squares that are kept in the folder `cache` and are part of the dataset.

    Labels are matched to `classes` whatever their case, spaces and hyphens; the split is the data
    set's own. Raises UsageError as `load_dataset` does, for a label that is no class, and if there
    are no films.
    """
    source = open_source(data.path, data.labels, data.columns)
    if data.split is not None:
        chosen = tuple(film for film in source.films if film.split == data.split)
        source = replace(source, films=chosen)
    if not source.films:
        where = f" in the split '{data.split}'" if data.split else ""
        raise UsageError(f"{data.path}: no films{where}")
    dataset = read_films(source, config, cache, [size])
    known = {plain(name): name for name in classes}
    strange = sorted({film.label for film in dataset.films if plain(film.label) not in known})
    if strange:
        raise UsageError(
            f"{data.path}: the model does not know the class {', '.join(strange)}; "
            f"its classes are {', '.join(classes)}. Rename the folders or labels to these, "
            "or give a table and --map."
        )
    films = tuple(replace(film, label=known[plain(film.label)]) for film in dataset.films)
    notes = tuple(UNKNOWN_ELSEWHERE if note == UNKNOWN else note for note in dataset.notes)
    dataset = replace(dataset, films=films, classes=classes, positive=positive, notes=notes)
    return dataset, source.rows if data.columns else {}


def group_columns(
    dataset: Dataset, rows: Rows, columns: FilmColumns | None, size: int
) -> dict[str, list[str]]:
    """What groups can be made by: subtype, image size, exposure, and columns of the table."""
    films, squares = dataset.films, dataset.squares[size]
    groups = {
        "subtype": [film.subtype for film in films],
        "megapixels": [f"{film.width * film.height / 1e6:.3f}" for film in films],
        "exposure": [f"{squares.batch([film.sha256]).mean():.1f}" for film in films],
    }
    used = {*_KNOWN}
    if columns is not None:
        used |= {columns.image.lower(), columns.label.lower(), columns.patient.lower()}
    for name in next(iter(rows.values()), {}):
        if name and name not in used:
            groups[name] = [rows.get(film.path, {}).get(name, "") for film in films]
    return groups
