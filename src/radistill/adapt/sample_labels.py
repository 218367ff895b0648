"""Tables beside a ledger: when films were taken, and the truth of a sample of them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePath

import numpy as np

from radistill.adapt.ledgers import LedgerContents, LedgerRow, read_time
from radistill.config import EvaluationConfig
from radistill.data.labels import plain
from radistill.data.sources.table import FilmColumns, class_of, read_rows
from radistill.errors import UsageError
from radistill.metrics.predictions import Predictions
from radistill.metrics.score import score_predictions
from radistill.schema.card import Card
from radistill.schema.monitor_figures import SamplePerformance
from radistill.schema.prediction import ABSTAIN


def with_times(ledger: LedgerContents, table: Path, image: str, time: str) -> LedgerContents:
    """The results with the times of a CSV in place of their own; a film without is undated.

    image, time: its columns. Raises UsageError, naming the line, for what is no time.
    """
    times, find = {}, _Films(ledger.rows)
    for line, row in read_rows(table, {"--image-column": image, "--time-column": time}):
        cell = row[time.lower()]
        try:
            index = find.index(row[image.lower()])
            if index is not None and cell:
                times[index] = read_time(cell)
        except ValueError:
            raise UsageError(
                f"{table}: line {line}: '{cell}' is no time; write 2026-01-31 or 2026-01-31T08:30"
            ) from None
    if not times:
        raise UsageError(
            f"{table}: has the time of no film in the ledgers; is --image-column right?"
        )
    dated = (row.model_copy(update={"time": times.get(i)}) for i, row in enumerate(ledger.rows))
    return replace(ledger, rows=tuple(dated))


def sample_performance(
    ledger: LedgerContents, card: Card, table: Path, columns: FilmColumns, seed: int
) -> SamplePerformance:
    """Figures of the films that a CSV has a label of, with intervals over patients.

    Labels are matched to the card's classes whatever their case, spaces and hyphens. Without a
    column `patient` each film is a patient of its own. The threshold is that of the results, or the
    card's where they have several. Raises UsageError for a label of no class, for a film with two,
    and if no film is left.
    """
    names = {plain(name): name for name in card.classes}
    wanted = {"--image-column": columns.image, "--label-column": columns.label}
    wanted |= {"--patient-column": columns.patient} if columns.patient else {}
    labels: dict[int, tuple[str, str]] = {}
    unmatched, find = 0, _Films(ledger.rows)
    for line, row in read_rows(table, wanted):
        label = class_of(row[columns.label.lower()], columns.classes)
        if label is None:
            continue
        if plain(label) not in names:
            raise UsageError(
                f"{table}: line {line}: the model does not know the class '{label}'; its classes "
                f"are {', '.join(card.classes)}. Give --map."
            )
        index = find.index(row[columns.image.lower()])
        if index is None or ledger.rows[index].error:
            unmatched += 1
            continue
        patient = row.get((columns.patient or "patient").lower(), "") or ledger.rows[index].path
        known = labels.setdefault(index, (names[plain(label)], patient))
        if known[0] != names[plain(label)]:
            raise UsageError(f"{table}: line {line}: {ledger.rows[index].path} has two labels")
    answered = [i for i in labels if ledger.rows[i].decision != ABSTAIN]
    if not answered:
        raise UsageError(f"{table}: has the label of no film in the ledgers that was answered")
    rows = [ledger.rows[i] for i in answered]
    predictions = Predictions(
        path=tuple(row.path for row in rows),
        patient=tuple(labels[i][1] for i in answered),
        label=tuple(labels[i][0] for i in answered),
        probability=np.array([row.probability for row in rows]),
        positive=card.positive,
    )
    thresholds = {row.threshold for row in rows}
    threshold = thresholds.pop() if len(thresholds) == 1 else card.threshold
    figures, _ = score_predictions(predictions, threshold, EvaluationConfig(), seed)
    return SamplePerformance(
        films=len(answered),
        abstained=len(labels) - len(answered),
        unmatched=unmatched,
        figures=figures,
    )


class _Films:
    """Finds a film of the ledgers by its path, or by its file's name where that is of one film."""

    def __init__(self, rows: Sequence[LedgerRow]) -> None:
        self._paths = {row.path: i for i, row in enumerate(rows)}
        names: dict[str, list[int]] = {}
        for path, i in self._paths.items():
            names.setdefault(PurePath(path).name, []).append(i)
        self._names: Mapping[str, int] = {
            name: where[0] for name, where in names.items() if len(where) == 1
        }

    def index(self, path: str) -> int | None:
        return self._paths.get(path, self._names.get(PurePath(path).name))
