"""Results as they come: JSON lines, CSV or lines for people; and going on after a kill."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

from radistill.errors import UsageError
from radistill.files import csv_writer, write_text
from radistill.files import sha256 as digest_of
from radistill.runtime.decision import REASONS, Settings
from radistill.runtime.paths import FORMULA
from radistill.runtime.prediction_options import ResultFormat
from radistill.schema.prediction import Failure, Result

Write = Callable[[Result], None]
COLUMNS = (
    "path",
    "sha256",
    "label",
    "probability",
    "threshold",
    "decision",
    "reasons",
    "heatmap",
    "model",
    "model_version",
    "model_sha256",
    "ms",
    "error_code",
    "error_message",
)
SKETCHED = (*COLUMNS, "time", "sketch")


def writer(file: TextIO, form: ResultFormat, *, sketch: bool = False) -> Write:
    """A function that writes one result to `file` and flushes it; a CSV gets its header now.

    sketch: with columns for time and sketch.
    """
    if form == "csv":
        write, columns = csv_writer(file), SKETCHED if sketch else COLUMNS
        write(columns)
        return _flushing(file, lambda result: write(_cells(result, columns)))
    line = _json if form == "jsonl" else _line
    return _flushing(file, lambda result: file.write(line(result) + "\n"))


def finished(out: Path, model_sha256: str, settings: Settings) -> frozenset[str]:
    """Paths whose prediction is in `out`, JSON lines, and whose file is still the same.

    `out` is rewritten without what is to be done again: the line that a kill cut short, files that
    could not be read, files that changed and heat maps that are gone. A file that is gone keeps its
    line. Raises UsageError if `out` holds something else, or was decided in another way.
    """
    try:
        text = out.read_text("utf-8")
    except FileNotFoundError:
        return frozenset()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{out}: cannot be read as JSON lines ({error})") from None
    kept: dict[str, str] = {}
    whole, _, _ = text.rpartition("\n")
    for number, line in enumerate(whole.splitlines(), 1):
        try:
            record = json.loads(line)
            path = record["path"]
            if "error" in record:
                continue
            heatmap = record["heatmap"] and Path(record["heatmap"])
            differs = [
                name
                for name, before, now in (
                    ("model", record["model"]["sha256"], model_sha256),
                    ("threshold", record["threshold"], settings.threshold),
                    ("--band", record.get("band", 0), settings.band),
                    ("--any-population", "any_population" in record, settings.any_population),
                    ("--sketch", "time" in record, settings.sketch),
                    ("--heatmaps", heatmap and heatmap.parent, settings.heatmaps),
                )
                if before != now
            ]
            if _same(Path(path), record["sha256"]) and (heatmap is None or heatmap.is_file()):
                kept[path] = line
        except (ValueError, KeyError, TypeError, AttributeError):
            raise UsageError(
                f"{out}, line {number}: is no prediction; --resume goes on with a file of JSON "
                "lines that radistill predict wrote"
            ) from None
        if differs:
            raise UsageError(
                f"{out}, line {number}: was decided with another {' and '.join(differs)}; give the "
                "same again, or another file"
            )
    write_text(out, "".join(line + "\n" for line in kept.values()))
    return frozenset(kept)


def _same(path: Path, sha256: str) -> bool:
    try:
        return not path.is_file() or digest_of(path) == sha256
    except OSError:
        return False


def _flushing(file: TextIO, write: Callable[[Result], object]) -> Write:
    def flushed(result: Result) -> None:
        write(result)
        file.flush()

    return flushed


def _json(result: Result) -> str:
    return json.dumps(result.record(), allow_nan=False)


def _cells(result: Result, columns: Sequence[str]) -> list[object]:
    cells = dict(result.record())
    if isinstance(result, Failure):
        cells |= {"error_code": result.code, "error_message": result.message}
    else:
        model = result.model
        cells |= {"model": model.name, "model_version": model.version, "model_sha256": model.sha256}
        cells["reasons"] = ";".join(result.reasons)
        cells["sketch"] = ";".join(f"{number:.3f}" for number in result.sketch or ())
    return [as_text(cells.get(name)) for name in columns]


def as_text(value: object) -> object:
    """A cell of a CSV: a name such as =HYPERLINK(...) must not run in a spreadsheet, and a quote
    before it makes it text."""
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return "" if value is None else value


def _line(result: Result) -> str:
    path = _printable(result.path)
    if isinstance(result, Failure):
        return f"{'unreadable':<12} {'':>6}  {path}  ({_printable(result.message)})"
    why = "; ".join(REASONS[reason] for reason in result.reasons)
    line = f"{result.decision:<12} {result.probability:6.3f}  {path}"
    return f"{line}  ({why})" if why else line


def _printable(text: str) -> str:
    """Line ends, terminal codes and bytes that are no UTF-8 in a file's name, escaped."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )
