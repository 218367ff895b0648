"""The curves of a training: one row an epoch."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
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


COLUMNS = tuple(field.name for field in fields(Epoch))


def write_history(path: Path, history: Sequence[Epoch]) -> None:
    """Write the rows as CSV, atomically."""
    write_csv(path, COLUMNS, ([round_off(v) for v in asdict(e).values()] for e in history))


def round_off(value: object) -> object:
    return float(f"{value:.6g}") if isinstance(value, float) else value


def read_history(path: Path) -> list[dict[str, str]]:
    """The rows as written."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
