"""Reports -> labels.csv, as `radistill run --labels` takes it, and the reports left out."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from radistill.files import write_csv
from radistill.progress import bar
from radistill.schema.labeller_file import Labeller
from radistill.text.labeller.decide import Decision, decide
from radistill.text.read.collection import ReportCollection, ReportRecord
from radistill.text.read.films import find_film, index_films
from radistill.text.read.report_table import STUDY_COLUMNS

_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet runs cells that begin so


@dataclass(frozen=True)
class LabellingResult:
    """labels: reports by label. left_out: reports by first reason. failed: (where, why)."""

    labels: Counter[str]
    left_out: Counter[str]
    failed: tuple[tuple[str, str], ...]
    rows: int
    left_out_file: Path


def label_reports(
    reports: ReportCollection,
    labeller: Labeller,
    out: Path,
    *,
    least: float = 0.0,
    images: Path | None = None,
) -> LabellingResult:
    """Write `out`: path, label, probability, words, and the columns a study can use.

    A row for each film of each report that got a label. All others are listed in
    `<out>-left-out.csv` with their reasons, so no report is lost. images: folder in which films are
    looked up by name, with or without extension. Raises UsageError if that is no folder of images.
    """
    films = index_films(images) if images is not None else None
    labelled: list[list[str]] = []
    unlabelled: list[list[str]] = []
    labels: Counter[str] = Counter()
    left_out: Counter[str] = Counter()
    failed = list(reports.failed)
    columns = [name for name in STUDY_COLUMNS if any(name in r.columns for r in reports.records)]
    with bar() as progress:
        for record in progress.track(reports.records, description="labelling"):
            decision = decide(labeller, record.report, least)
            paths, missing = _paths(record, films)
            failed += missing
            if decision.label:
                labels[decision.label] += 1
                row = [safe(decision.label), *_grounds(decision)]
                row += [safe(record.columns.get(name, "")) for name in columns]
                labelled += [[path, *row] for path in paths]
            else:
                left_out[decision.reasons[0]] += 1
                unlabelled.append(
                    [safe(record.id), " ".join(decision.reasons), *_grounds(decision)]
                )
    left_out_file = out.with_name(f"{out.stem}-left-out.csv")
    write_csv(out, ("path", "label", "probability", "words", *columns), labelled)
    write_csv(left_out_file, ("id", "reasons", "probability", "words"), unlabelled)
    return LabellingResult(labels, left_out, tuple(failed), len(labelled), left_out_file)


def _paths(
    record: ReportRecord, films: dict[str, list[str]] | None
) -> tuple[list[str], list[tuple[str, str]]]:
    """Paths of a report's films, and those that `films` does not hold."""
    if films is None:
        return [safe_path(name) for name in record.films], []
    paths, missing = [], []
    for name in record.films:
        try:
            paths.append(safe_path(find_film(films, name)))
        except ValueError as error:
            missing.append((f"film {name}", str(error)))
    return paths, missing


def _grounds(decision: Decision) -> tuple[str, str]:
    """The cells `probability` and `words`."""
    probability = "" if decision.probability is None else f"{decision.probability:.4f}"
    return probability, safe("; ".join(f"{term} {odds:+.1f}" for term, odds in decision.terms))


def safe(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    return "'" + cell if cell.startswith(_FORMULA) else cell


def safe_path(path: str) -> str:
    """The same path, so written that no spreadsheet takes it for a formula."""
    return "./" + path if path.startswith(_FORMULA) else path
