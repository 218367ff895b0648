"""The predictions of one model on one split, as a CSV that every figure can be recomputed from."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from radistill.data.labels import plain
from radistill.errors import UsageError
from radistill.files import write_csv

COLUMNS = ("path", "patient", "label", "probability")
PREFIX = "probability_"


@dataclass(frozen=True, eq=False)
class Predictions:
    """One row a film, in the order of the split.

    probability: (N,) float64 in [0, 1], of the class `positive`.
    scores, classes: with more than two classes, the probability of each, (N, C), and their names.
    """

    path: tuple[str, ...]
    patient: tuple[str, ...]
    label: tuple[str, ...]
    probability: np.ndarray
    positive: str
    scores: np.ndarray | None = None
    classes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.path)

    def rows(self, chosen: Sequence[int] | np.ndarray) -> Predictions:
        """The films at these indices, in this order."""
        return replace(
            self,
            path=tuple(self.path[i] for i in chosen),
            patient=tuple(self.patient[i] for i in chosen),
            label=tuple(self.label[i] for i in chosen),
            probability=self.probability[chosen],
            scores=None if self.scores is None else self.scores[chosen],
        )

    @property
    def truth(self) -> np.ndarray:
        """(N,) bool: the film is of the positive class."""
        return np.array([label == self.positive for label in self.label], dtype=bool)


def write_predictions(
    path: Path, p: Predictions, scores: np.ndarray | None = None, classes: Sequence[str] = ()
) -> None:
    """Write `p` to `path` atomically, with digits enough to read back the same floats.

    With more than two `classes`, `scores` (N, C) fill a column `probability_<class>` each; what
    is not given is taken from `p`. Raises UsageError, naming the row, where a probability is not
    a number in [0, 1].
    """
    if scores is None:
        scores, classes = p.scores, p.classes
    extra = scores if scores is not None and len(classes) > 2 else np.empty((len(p), 0))
    names = tuple(classes) if extra.shape[1] else ()
    values = np.column_stack([p.probability, extra]).astype(np.float64)
    if extra.shape != (len(p), len(names)):
        raise ValueError(f"scores {extra.shape} for {len(p)} films and {len(names)} classes")
    _refuse_bad(path, values)
    cells = ([repr(value) for value in row] for row in values.tolist())
    rows = zip(p.path, p.patient, p.label, cells, strict=True)
    header = (*COLUMNS, *(PREFIX + name for name in names))
    write_csv(path, header, ((*who, *numbers) for *who, numbers in rows))


def read_predictions(path: Path, positive: str) -> Predictions:
    """Read a CSV written by `write_predictions`.

    A label that is `positive` but for case, spaces or hyphens is taken to be `positive`. Raises
    UsageError, naming file and row, if the file or a column is missing, a row is cut short, a path
    stands twice, or a probability is not a number in [0, 1].
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            header, *rows = list(csv.reader(file)) or [[]]
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path}: is not a CSV of predictions ({error})") from None
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise UsageError(f"{path}: no column {', '.join(missing)}")
    for number, row in enumerate(rows, start=1):
        if len(row) != len(header):
            raise UsageError(f"{path}, row {number}: {len(row)} cells, expected {len(header)}")
    columns = {name: [row[i] for row in rows] for i, name in enumerate(header)}
    classes = tuple(name.removeprefix(PREFIX) for name in header if name.startswith(PREFIX))
    numbers = [_floats(path, columns[name]) for name in ("probability", *map(_column, classes))]
    values = np.column_stack(numbers)
    _refuse_bad(path, values)
    _refuse_twice(path, columns["path"])
    same = plain(positive)
    return Predictions(
        path=tuple(columns["path"]),
        patient=tuple(columns["patient"]),
        label=tuple(positive if plain(label) == same else label for label in columns["label"]),
        probability=values[:, 0].copy(),
        positive=positive,
        scores=values[:, 1:].copy() if classes else None,
        classes=classes,
    )


def _column(name: str) -> str:
    return PREFIX + name


def _floats(path: Path, cells: Sequence[str]) -> np.ndarray:
    values = np.empty(len(cells))
    for i, cell in enumerate(cells):
        try:
            values[i] = float(cell)
        except ValueError:
            raise UsageError(f"{path}, row {i + 1}: '{cell}' is not a probability") from None
    return values


def _refuse_twice(path: Path, films: Sequence[str]) -> None:
    first: dict[str, int] = {}
    for row, film in enumerate(films, start=1):
        if first.setdefault(film, row) != row:
            raise UsageError(
                f"{path}: rows {first[film]} and {row} are both of {film}; keep one of them"
            )


def _refuse_bad(path: Path, values: np.ndarray) -> None:
    good = (values >= 0) & (values <= 1)  # false for NaN
    if not good.all():
        row, column = np.argwhere(~good)[0]
        raise UsageError(
            f"{path}, row {row + 1}: probability {values[row, column]} is not between 0 and 1"
        )
