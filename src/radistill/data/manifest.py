"""The manifest: one row a film, the only place where split, label and patient are recorded."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from radistill.errors import UsageError
from radistill.files import read_csv, write_csv

SPLITS = ("train", "val", "test")  # of the films with labels
UNLABELLED = "unlabelled"  # the split of the others


@dataclass(frozen=True, slots=True)
class Film:
    """One readable image of a study.

    path: relative to the data folder, with forward slashes (for a MedMNIST file: `train/17`).
    label, subtype: empty where the film has no label, or it is hidden.
    split: train, val, test or unlabelled; empty before the split is made.
    sha256: of the file's bytes; the key of every cache.
    width, height: in pixels, as stored.
    """

    path: str
    label: str
    subtype: str
    patient: str
    split: str
    sha256: str
    width: int
    height: int


COLUMNS = tuple(field.name for field in fields(Film))


def write_manifest(path: Path, films: Sequence[Film]) -> None:
    """Write `films` as CSV, atomically."""
    write_csv(path, COLUMNS, (astuple(film) for film in films))


def read_manifest(path: Path) -> list[Film]:
    """Read a manifest written by `write_manifest`.

    Raises UsageError if it cannot be read or a column is missing.
    """
    header, rows = read_csv(path)
    missing = set(COLUMNS) - set(header)
    if missing:
        raise UsageError(f"{path}: no column {', '.join(sorted(missing))}")
    order = [header.index(column) for column in COLUMNS]
    films = []
    for line, row in rows:
        try:
            name, label, subtype, patient, split, sha, width, height = (row[i] for i in order)
            film = Film(name, label, subtype, patient, split, sha, int(width), int(height))
            films.append(film)
        except (IndexError, ValueError):
            raise UsageError(f"{path}: line {line} is damaged; run the study again") from None
    return films
