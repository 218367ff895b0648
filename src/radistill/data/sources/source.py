"""What every kind of data set is turned into before any pixel is read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from radistill.data.film_index import Stamp

# Names of folders and values of a column, in lower case.
SPLIT_NAMES = {
    name: split
    for split, names in {
        "train": ("train", "training", "trn"),
        "val": ("val", "valid", "validation", "validate", "dev", "development"),
        "test": ("test", "testing", "tst"),
    }.items()
    for name in names
}


@dataclass(frozen=True, slots=True)
class ListedFilm:
    """A film as the data set lists it; unknown fields are empty.

    path: as in `Film`. split: train, val, test or empty.
    """

    path: str
    label: str
    split: str = ""
    patient: str = ""
    subtype: str = ""


class FilmReader(Protocol):
    """Reads the films of a source by their paths. root: what the paths are relative to."""

    root: str

    def stamp(self, path: str) -> Stamp | None:
        """Size and time of the film's file; None where it has no file of its own."""
        ...

    def content(self, path: str) -> bytes:
        """The bytes that identify the film. Raises DecodeError."""
        ...

    def pixels(self, path: str, content: bytes) -> np.ndarray:
        """Grey pixels (H, W), uint8 or uint16, of a film's `content`. Raises DecodeError."""
        ...


@dataclass(frozen=True)
class FilmSource:
    """A recognised data set.

    keep_val: its validation split is to be taken as given; the Kaggle set's 16 images are not.
    local_notes: those that name files, which are for the user and never leave with a model.
    rows: of a table, path of a film -> its row by column, for groups.
    """

    name: str
    films: tuple[ListedFilm, ...]
    reader: FilmReader
    keep_val: bool = False
    synthetic: bool = False
    notes: tuple[str, ...] = ()
    local_notes: tuple[str, ...] = ()
    rows: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
