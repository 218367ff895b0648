"""Reports from a CSV, columns named by the user or by their usual names."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

from radistill.errors import UsageError
from radistill.text.nlp.clean import decode
from radistill.text.nlp.sections import Report, split_sections
from radistill.text.read.collection import OPEN_I_LABEL, Entry, Reports

ID_NAMES = ("path", "image_path", "film", "id", "uid", "study", "study_id", "accession")
TEXT_NAMES = ("report", "text", "report_text", "report text")
LABEL_NAMES = ("label", OPEN_I_LABEL)
KEPT = ("patient", "split", "subtype")  # columns that a study's CSV may have
SECTIONS = tuple(f.name for f in fields(Report))
LARGEST_FIELD = 64 << 20  # bytes


@dataclass(frozen=True, slots=True)
class Columns:
    """Names of columns; None is found by its usual name."""

    id: str | None = None
    text: str | None = None
    label: str | None = None


def read_table(table: Path, columns: Columns) -> Reports:
    """Read a CSV separated by comma, semicolon or tab.

    The text is one column with the whole report, or columns named findings, impression,
    indication and comparison. Rows with too few or too many values are left out and listed;
    so are all rows of an id that stands with different reports.
    Raises UsageError if the file or a column is missing, or no row is left.
    """
    try:
        text = decode(table.read_bytes())
    except OSError as error:
        raise UsageError(f"{table}: cannot be read ({error.strerror})") from None
    except ValueError:
        raise UsageError(f"{table}: is not text; save it as CSV UTF-8") from None
    header, rows, failed = _rows(table, text)
    used = _Used.find(table, header, columns)
    entries, repeated, clashing = _unique([_entry(line, row, used) for line, row in rows])
    if not entries:
        raise UsageError(f"{table}: has no rows that can be read")
    failed += [(f"{table}, id {name}", "stands with different reports") for name in clashing]
    notes = [f"Rows that repeat another are counted once: {repeated}."] if repeated else []
    return Reports(table.stem, tuple(entries), (used.label or ""), tuple(failed), tuple(notes))


_Row = tuple[int, dict[str, str]]


def _rows(table: Path, text: str) -> tuple[list[str], list[_Row], list[tuple[str, str]]]:
    """(header, rows of the header's length, where and why others are left out)."""
    rows: list[_Row] = []
    failed: list[tuple[str, str]] = []
    before = csv.field_size_limit(LARGEST_FIELD)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
        header = [name.strip().lower() for name in next(reader, [])]
        twice = [name for name, count in Counter(header).items() if count > 1 and name]
        if twice:
            raise UsageError(f"{table}: the first line names the column '{twice[0]}' twice")
        for values in _filled(reader):
            if len(values) == len(header):
                rows.append((reader.line_num, dict(zip(header, values, strict=True))))
            else:
                why = f"has {len(values)} values, the header {len(header)}"
                failed.append((f"{table}, line {reader.line_num}", why))
    except csv.Error as error:
        raise UsageError(f"{table}: is not a CSV ({error})") from None
    finally:
        csv.field_size_limit(before)
    if len(failed) > len(rows):
        raise UsageError(
            f"{failed[0][0]}: {failed[0][1]}, and so in {len(failed)} rows; "
            "quote values that hold the separator"
        )
    return header, rows, failed


def _delimiter(text: str) -> str:
    first = text[: text.find("\n")] if "\n" in text else text
    return max(",;\t", key=first.count)


def _filled(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    return (row for row in rows if any(value.strip() for value in row))


@dataclass(frozen=True, slots=True)
class _Used:
    id: str | None
    text: tuple[str, ...]  # one column with all of it, or those of sections
    label: str | None

    @classmethod
    def find(cls, table: Path, header: list[str], wanted: Columns) -> _Used:
        def pick(name: str | None, usual: tuple[str, ...], option: str) -> str | None:
            if name is None:
                return next((known for known in usual if known in header), None)
            if name.strip().lower() not in header:
                raise UsageError(
                    f"{table}: there is no column '{name}' ({option}); "
                    f"it has: {', '.join(header) or 'nothing'}"
                )
            return name.strip().lower()

        whole = pick(wanted.text, TEXT_NAMES, "--text")
        text = (whole,) if whole else tuple(name for name in SECTIONS if name in header)
        if not {whole, "findings", "impression"} & set(text):
            raise UsageError(
                f"{table}: no column with reports; expected report, or findings and impression, "
                f"or --text NAME; it has: {', '.join(header) or 'nothing'}"
            )
        label = pick(wanted.label, LABEL_NAMES, "--label")
        return cls(pick(wanted.id, ID_NAMES, "--id"), text, label)


def _entry(line: int, row: dict[str, str], used: _Used) -> Entry:
    name = row[used.id].strip() if used.id else ""
    if used.text[0] in SECTIONS:
        report = Report(**{part: row[part].strip() for part in used.text})
    else:
        report = split_sections(row[used.text[0]])
    return Entry(
        id=name or f"line {line}",
        report=report,
        label=row[used.label].strip() if used.label else "",
        films=(name or f"line {line}",),
        kept={name: row[name].strip() for name in KEPT if name in row},
    )


def _unique(entries: list[Entry]) -> tuple[list[Entry], int, list[str]]:
    """(entries each id once, rows that repeat, ids left out because their reports differ)."""
    first: dict[str, Entry] = {}
    repeated, clashing = 0, []
    for entry in entries:
        known = first.setdefault(entry.id, entry)
        if known is entry:
            continue
        repeated += known == entry
        if known != entry and entry.id not in clashing:
            clashing.append(entry.id)
    return [entry for name, entry in first.items() if name not in clashing], repeated, clashing
