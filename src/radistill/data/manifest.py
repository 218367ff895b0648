"""The manifest: one row a film, the only place where split, label and patient are recorded."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from radistill.errors import UsageError
from radistill.files import write_csv

SPLITS = ("train", "val", "test")


@dataclass(frozen=True, slots=True)
class Film:
    """One readable image of a study.

    path: relative to the data folder, with forward slashes (for a MedMNIST file: `train/17`).
    split: train, val or test; empty before the split is made.
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

    Raises UsageError if a column is missing.
    """
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        missing = set(COLUMNS) - set(reader.fieldnames or ())
        if missing:
            raise UsageError(f"{path}: no column {', '.join(sorted(missing))}")
        return [
            Film(**(row | {"width": int(row["width"]), "height": int(row["height"])}))  # type: ignore[arg-type]
            for row in reader
        ]
