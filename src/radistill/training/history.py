"""The curves of a training: one row an epoch."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

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


def write_history(path: Path, history: Sequence[Epoch]) -> None:
    """Write the rows as CSV, atomically."""
    columns = [field.name for field in fields(Epoch)]
    write_csv(path, columns, ([_rounded(value) for value in astuple(row)] for row in history))


def _rounded(value: object) -> object:
    return float(f"{value:.6g}") if isinstance(value, float) else value


def training_seconds(path: Path) -> float:
    """Wall time of all epochs in a history.csv."""
    with path.open(encoding="utf-8", newline="") as file:
        return sum(float(row["seconds"]) for row in csv.DictReader(file))
