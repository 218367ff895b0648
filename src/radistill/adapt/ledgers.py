"""Results of `predict`, of the node and of an archive: files -> one list of rows of one model."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from radistill.errors import UsageError
from radistill.runtime.ood import SKETCH
from radistill.runtime.paths import AS_BYTES, from_text
from radistill.schema.card import Card
from radistill.schema.prediction import FilePath, ModelIdentity, Problem
from radistill.schema.record import Record

PARQUET_COLUMNS = (
    *("path", "time", "sha256", "probability", "threshold", "decision", "reasons", "sketch"),
    *("model", "model_name", "model_version", "model_sha256"),
    *("error", "error_code", "error_message"),
)


def read_time(value: Any) -> datetime:
    """A date or time in ISO 8601, also as DICOM writes dates (20260131); UTC where it has a zone.

    Raises ValueError if it is neither.
    """
    time = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).strip())
    try:
        return time.astimezone(UTC).replace(tzinfo=None) if time.tzinfo else time
    except OverflowError:
        raise ValueError(f"{time} is no time of a film") from None


class LedgerRow(Record):
    """What is needed of a prediction, or of a file that could not be read."""

    path: FilePath
    time: Annotated[datetime | None, BeforeValidator(lambda v: read_time(v) if v else None)] = None
    sha256: str = ""
    probability: float = Field(0.0, ge=0, le=1)
    threshold: float = 0.0
    decision: str = ""
    reasons: tuple[str, ...] = ()
    sketch: tuple[float, ...] | None = None
    model: ModelIdentity | None = None
    error: Problem | None = None

    @model_validator(mode="after")
    def _whole(self) -> LedgerRow:
        predicted = self.model is not None and self.decision != ""
        if not isinstance(self.path, str) or not (self.error or predicted):
            raise ValueError("neither a prediction nor an error")
        return self


@dataclass(frozen=True, eq=False)
class LedgerContents:
    """Rows of one model in the order of the files. torn: lines that are no result. repeated: rows
    left out since the same film stands there before."""

    rows: tuple[LedgerRow, ...]
    model: ModelIdentity
    torn: int
    repeated: int


def read_ledgers(files: Sequence[Path], card: Card, bundle: Path) -> LedgerContents:
    """The results in `files`, which are all of one file of the bundle that `card` describes.

    Raises UsageError if a file cannot be read or holds no result, if the results are of two models,
    naming both, or not of this bundle.
    """
    numbers = min(SKETCH, len(card.abstention.detector.deviations)) if card.abstention else 0
    rows: dict[tuple[str, str], LedgerRow] = {}
    models: dict[str, tuple[ModelIdentity, Path]] = {}
    torn = repeated = 0
    for file in _files(files):
        results, before = 0, torn
        for row in _rows(file):
            if row is None or (row.sketch and len(row.sketch) != numbers):
                torn += 1
                continue
            results += 1
            key = row.path, row.sha256
            repeated += key in rows
            rows.setdefault(key, row)
            if row.model:
                models.setdefault(row.model.sha256, (row.model, file))
        if torn > before and not results:
            raise UsageError(f"{file}: holds no result of radistill predict")
    if not models:
        raise UsageError(f"{files[0]}: the ledgers hold no film that could be read")
    if len(models) > 1:
        named = " and ".join(f"{_shown(model)} ({file})" for model, file in models.values())
        raise UsageError(f"the ledgers are of different models: {named}. Give those of one model.")
    model, file = next(iter(models.values()))
    if model.sha256 not in card.files.values():
        raise UsageError(
            f"{file}: is of {_shown(model)}, which is no file of the bundle {bundle}. "
            "Give the bundle that predicted with --reference."
        )
    return LedgerContents(tuple(rows.values()), model, torn, repeated)


def _shown(model: ModelIdentity) -> str:
    return f"{model.name} {model.version}, sha256 {model.sha256[:12]}"


def _files(named: Sequence[Path]) -> Iterator[Path]:
    """The files; of folders the Parquet parts, and the JSON lines of a node's ledger."""
    for path in named:
        if path.is_dir():
            inside = (part for part in sorted(path.rglob("*")) if part.name[0] not in "_.")
            parts = [part for part in inside if part.suffix in (".parquet", ".jsonl")]
            if not parts:
                raise UsageError(f"{path}: a folder without .jsonl or .parquet files")
            yield from parts
        else:
            yield path


def _rows(file: Path) -> Iterator[LedgerRow | None]:
    """The rows of one file, None for each line that is no result."""
    kind = file.suffix.lower()
    lines = _parquet(file) if kind == ".parquet" else _csv(file) if kind == ".csv" else _json(file)
    for line in lines:
        try:
            yield None if line is None else LedgerRow.model_validate(line)
        except ValidationError:
            yield None


def _json(file: Path) -> Iterator[Mapping[str, Any] | None]:
    try:
        with file.open("rb") as lines:
            for line in lines:
                try:
                    value = json.loads(line) if line.strip() else ""
                except (ValueError, RecursionError):
                    yield None
                else:
                    if value != "":
                        yield value if isinstance(value, dict) else None
    except OSError as error:
        raise UsageError(f"{file}: cannot be read ({error.strerror})") from None


def _csv(file: Path) -> Iterator[Mapping[str, Any] | None]:
    try:
        with file.open(encoding="utf-8-sig", errors=AS_BYTES, newline="") as lines:
            rows = csv.reader(lines)
            header = next(rows, [])
            for cells in filter(None, rows):
                values = {key: from_text(cell) for key, cell in zip(header, cells, strict=False)}
                whole = len(cells) == len(header)
                yield _nested({key: v for key, v in values.items() if v}) if whole else None
    except OSError as error:
        raise UsageError(f"{file}: cannot be read ({error.strerror})") from None
    except csv.Error as error:
        raise UsageError(f"{file}: is not a CSV ({error})") from None


def _parquet(file: Path) -> Iterator[Mapping[str, Any]]:
    try:
        import pyarrow as arrow
        import pyarrow.parquet as parquet
    except ModuleNotFoundError:
        raise UsageError(
            f"{file}: Parquet needs the package 'pyarrow': pip install pyarrow"
        ) from None
    try:
        table = parquet.ParquetFile(file)
        columns = [name for name in table.schema_arrow.names if name in PARQUET_COLUMNS]
        for batch in table.iter_batches(columns=columns):
            for row in batch.to_pylist():
                yield _nested({key: value for key, value in row.items() if value is not None})
    except (OSError, arrow.ArrowException) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"{file}: cannot be read as Parquet ({reason})") from None


def _nested(flat: dict[str, Any]) -> dict[str, Any]:
    """A row of a table, with model, error and lists as JSON lines have them."""
    for name in ("reasons", "sketch"):
        if isinstance(flat.get(name), str):
            flat[name] = flat[name].split(";")
    if "model_sha256" in flat:
        name = flat.pop("model_name", flat.get("model", ""))
        version = flat.get("model_version", "")
        flat["model"] = {"name": name, "version": version, "sha256": flat["model_sha256"]}
    if "error_code" in flat:
        flat["error"] = {"code": flat["error_code"], "message": flat.get("error_message", "")}
    return flat
