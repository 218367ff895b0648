"""The predictions of one model on one split, as a CSV that every figure can be recomputed from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from radistill.data.labels import plain
from radistill.errors import UsageError
from radistill.files import read_csv, write_csv

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


def write_predictions(path: Path, p: Predictions) -> None:
    """Write `p` to `path` atomically, with digits enough to read back the same floats.

    With more than two classes the scores fill a column `probability_<class>` each. Raises
    UsageError, naming the row, where a probability is not a number in [0, 1].
    """
    several = p.scores is not None and len(p.classes) > 2
    columns = [p.probability, p.scores] if several and p.scores is not None else [p.probability]
    values = np.column_stack(columns).astype(np.float64)
    _refuse_bad(path, values)
    header = (*COLUMNS, *(PREFIX + name for name in p.classes if several))
    rows = zip(p.path, p.patient, p.label, values.tolist(), strict=True)
    write_csv(path, header, ((*who, *map(repr, numbers)) for *who, numbers in rows))


def read_predictions(path: Path, positive: str) -> Predictions:
    """Read a CSV written by `write_predictions`.

    A label that is `positive` but for case, spaces or hyphens is taken to be `positive`. Raises
    UsageError, naming file and row, if the file or a column is missing, a row is cut short, a path
    occurs twice, or a probability is not a number in [0, 1].
    """
    header, lines = read_csv(path)
    if missing := [name for name in COLUMNS if name not in header]:
        raise UsageError(f"{path}: no column {', '.join(missing)}")
    classes = tuple(name.removeprefix(PREFIX) for name in header if name.startswith(PREFIX))
    numbers = ("probability", *(PREFIX + name for name in classes))
    rows = [row for _, row in lines]
    for number, row in enumerate(rows, start=1):
        if len(row) != len(header):
            raise UsageError(f"{path}, row {number}: {len(row)} cells, expected {len(header)}")
    columns = {name: [row[i] for row in rows] for i, name in enumerate(header)}
    values = np.empty((len(rows), len(numbers)))
    for column, name in enumerate(numbers):
        values[:, column] = [_float(cell, path, i) for i, cell in enumerate(columns[name], 1)]
    first: dict[str, int] = {}
    for number, film in enumerate(columns["path"], start=1):
        if first.setdefault(film, number) != number:
            raise UsageError(
                f"{path}: rows {first[film]} and {number} are both of {film}; keep one of them"
            )
    _refuse_bad(path, values)
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


def _float(cell: str, path: Path, row: int) -> float:
    try:
        return float(cell)
    except ValueError:
        raise UsageError(f"{path}, row {row}: '{cell}' is not a probability") from None


def _refuse_bad(path: Path, values: np.ndarray) -> None:
    good = (values >= 0) & (values <= 1)  # false for NaN
    if not good.all():
        row, column = np.argwhere(~good)[0]
        raise UsageError(
            f"{path}, row {row + 1}: probability {values[row, column]} is not between 0 and 1"
        )
