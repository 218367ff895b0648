"""The curves of a training: one row an epoch."""

import csv
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from radistill.errors import RadistillError
from radistill.files import write_csv


@dataclass(frozen=True)
class Epoch:
    """One row of history.csv. phase: head (on cached features) or finetune. seconds: wall."""

    epoch: int
    phase: str
    learning_rate: float
    train_loss: float
    val_loss: float
    val_auc: float
    val_accuracy: float
    criterion: float
    seconds: float


_COLUMNS = [field.name for field in fields(Epoch)]
_WORDS = ("epoch", "phase")


def write_history(path: Path, history: Sequence[Epoch]) -> None:
    """Write the rows as CSV, atomically."""
    write_csv(path, _COLUMNS, ([_rounded(value) for value in astuple(row)] for row in history))


def _rounded(value: object) -> object:
    return float(f"{value:.6g}") if isinstance(value, float) else value


def read_history(path: Path) -> list[Epoch]:
    """The rows of a history.csv, NaN where a cell is empty; RadistillError if it is damaged."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return [_epoch(row) for row in csv.DictReader(file)]
    except (KeyError, TypeError, ValueError) as error:
        raise RadistillError(f"{path}: is not a training history ({error!r})") from None


def _epoch(row: dict[str, str]) -> Epoch:
    numbers = {name: float(row[name] or "nan") for name in _COLUMNS if name not in _WORDS}
    return Epoch(int(row["epoch"]), row["phase"], **numbers)


def training_seconds(path: Path) -> float:
    """Wall time of all epochs in a history.csv."""
    return sum(row.seconds for row in read_history(path))
