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
from radistill.text.read.collection import OPEN_I_LABEL, ReportCollection, ReportRecord

ID_NAMES = ("path", "image_path", "film", "id", "uid", "study", "study_id", "accession")
TEXT_NAMES = ("report", "text", "report_text", "report text")
LABEL_NAMES = ("label", OPEN_I_LABEL)
STUDY_COLUMNS = ("patient", "split", "subtype")
SECTIONS = tuple(f.name for f in fields(Report))
LARGEST_FIELD = 64 << 20  # bytes


@dataclass(frozen=True, slots=True)
class Columns:
    """Names of columns; None for the usual names."""

    id: str | None = None
    text: str | None = None
    label: str | None = None


def read_table(table: Path, columns: Columns) -> ReportCollection:
    """Read a CSV separated by comma, semicolon or tab.

    The text is one column with the whole report, or columns named findings, impression,
    indication and comparison. Rows with too few or too many values are left out and listed;
    so are all rows of an id that occurs with different reports.
    Raises UsageError if the file or a column is missing, or no row is left.
    """
    try:
        text = decode(table.read_bytes())
    except OSError as error:
        raise UsageError(f"{table}: cannot be read ({error.strerror})") from None
    except ValueError:
        raise UsageError(f"{table}: is not text; save it as CSV UTF-8") from None
    header, rows, failed = _rows(table, text)
    roles = _Roles.find(table, header, columns)
    records, repeated, clashing = _unique([_record(line, row, roles) for line, row in rows])
    if not records:
        raise UsageError(f"{table}: has no rows that can be read")
    failed += [(f"{table}, id {name}", "occurs with different reports") for name in clashing]
    notes = [f"Rows that repeat another are counted once: {repeated}."] if repeated else []
    label = roles.label or ""
    return ReportCollection(table.stem, tuple(records), label, tuple(failed), tuple(notes))


_Row = tuple[int, dict[str, str]]


def _rows(table: Path, text: str) -> tuple[list[str], list[_Row], list[tuple[str, str]]]:
    """(header, rows of the header's length, where and why others are left out)."""
    rows: list[_Row] = []
    failed: list[tuple[str, str]] = []
    first_line, _, _ = text.partition("\n")
    delimiter = max(",;\t", key=first_line.count)
    before = csv.field_size_limit(LARGEST_FIELD)
    try:
        records = _records(list(io.StringIO(text, newline="")), delimiter)
        header = [name.strip().lower() for name in next(records, (1, []))[1] or []]
        twice = [name for name, count in Counter(header).items() if count > 1 and name]
        if twice:
            raise UsageError(f"{table}: the first line names the column '{twice[0]}' twice")
        for line, values in records:
            if values is None:
                failed.append((f"{table}, line {line}", "has a quote that is never closed"))
            elif len(values) == len(header):
                rows.append((line, dict(zip(header, values, strict=True))))
            else:
                why = f"has {len(values)} values, the header {len(header)}"
                failed.append((f"{table}, line {line}", why))
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


def _records(lines: list[str], delimiter: str) -> Iterator[tuple[int, list[str] | None]]:
    """(number of its last line, values) of each row that is not blank.

    A quote that nothing closes would swallow the rows behind it: its line gives None, and reading
    goes on with the next.
    """
    start = 0
    while start < len(lines):
        reader = csv.reader((lines[i] for i in range(start, len(lines))), delimiter=delimiter)
        begin = end = start
        for values in reader:
            end = start + reader.line_num
            if end - begin > 1 and not _well_quoted(lines[begin:end], delimiter):
                end = begin + 1
                yield end, None
                break
            if any(value.strip() for value in values):
                yield end, values
            begin = end
        start = max(end, start + 1)


def _well_quoted(lines: list[str], delimiter: str) -> bool:
    try:
        list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error:
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Roles:
    """Which columns hold what. text: one column with all of it, or those of sections."""

    id: str | None
    text: tuple[str, ...]
    label: str | None

    @classmethod
    def find(cls, table: Path, header: list[str], wanted: Columns) -> _Roles:
        has = f"it has: {', '.join(header) or 'nothing'}"

        def pick(name: str | None, usual: tuple[str, ...], option: str) -> str | None:
            if name is None:
                return next((known for known in usual if known in header), None)
            if name.strip().lower() not in header:
                raise UsageError(f"{table}: there is no column '{name}' ({option}); {has}")
            return name.strip().lower()

        whole = pick(wanted.text, TEXT_NAMES, "--text")
        text = (whole,) if whole else tuple(name for name in SECTIONS if name in header)
        if not {whole, "findings", "impression"} & set(text):
            raise UsageError(
                f"{table}: no column with reports; expected report, or findings and impression, "
                f"or --text NAME; {has}"
            )
        label = pick(wanted.label, LABEL_NAMES, "--label")
        return cls(pick(wanted.id, ID_NAMES, "--id"), text, label)


def _record(line: int, row: dict[str, str], roles: _Roles) -> ReportRecord:
    name = (row[roles.id].strip() if roles.id else "") or f"line {line}"
    if roles.text[0] in SECTIONS:
        report = Report(**{part: row[part].strip() for part in roles.text})
    else:
        report = split_sections(row[roles.text[0]])
    label = row[roles.label].strip() if roles.label else ""
    columns = {name: row[name].strip() for name in STUDY_COLUMNS if name in row}
    return ReportRecord(name, report, label, (name,), columns)


def _unique(records: list[ReportRecord]) -> tuple[list[ReportRecord], int, list[str]]:
    """(records, each id once; rows that repeat; ids left out because their reports differ)."""
    first: dict[str, ReportRecord] = {}
    repeated, clashing = 0, dict[str, None]()
    for record in records:
        known = first.setdefault(record.id, record)
        if known != record:
            clashing[record.id] = None
        elif known is not record:
            repeated += 1
    unique = [record for name, record in first.items() if name not in clashing]
    return unique, repeated, list(clashing)
