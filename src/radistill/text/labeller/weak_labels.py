"""Reports -> labels.csv, as `radistill run --labels` takes it, and what was left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from radistill.files import write_csv
from radistill.progress import bar
from radistill.text.labeller.decide import Decision, decide
from radistill.text.labeller.labeller import Labeller
from radistill.text.read.collection import Entry, Reports
from radistill.text.read.films import find_film, index_films
from radistill.text.read.report_table import KEPT

_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet runs cells that begin so


@dataclass(frozen=True)
class Labelled:
    """labels: reports by label. left_out: reports by first reason. failed: (where, why)."""

    labels: Counter[str]
    left_out: Counter[str]
    failed: tuple[tuple[str, str], ...]
    rows: int
    beside: Path


def label_reports(
    reports: Reports,
    labeller: Labeller,
    out: Path,
    *,
    least: float = 0.0,
    images: Path | None = None,
) -> Labelled:
    """Write `out`: path, label, probability, words, and the columns a study can use.

    A row for each film of each report that got a label. All others stand in `<out>-left-out.csv`
    with their reasons, so no report is lost. images: folder in which films are looked up by name,
    with or without extension. Raises UsageError if that is no folder of images.
    """
    films = index_films(images) if images is not None else None
    sure: list[list[Any]] = []
    unsure: list[list[Any]] = []
    labels: Counter[str] = Counter()
    left_out: Counter[str] = Counter()
    failed = list(reports.failed)
    kept = [name for name in KEPT if any(name in entry.kept for entry in reports.entries)]
    with bar() as progress:
        for entry in progress.track(reports.entries, description="labelling"):
            decision = decide(labeller, entry.report, least)
            paths, missing = _paths(entry, films)
            failed += missing
            if decision.label:
                labels[decision.label] += 1
                more = [safe(entry.kept.get(name, "")) for name in kept]
                sure += [[path, *_cells(decision), *more] for path in paths]
            else:
                left_out[decision.reasons[0]] += 1
                _, *cells = _cells(decision)
                unsure.append([safe(entry.id), " ".join(decision.reasons), *cells])
    beside = out.with_name(f"{out.stem}-left-out.csv")
    write_csv(out, ("path", "label", "probability", "words", *kept), sure)
    write_csv(beside, ("id", "reasons", "probability", "words"), unsure)
    return Labelled(labels, left_out, tuple(failed), len(sure), beside)


def _paths(
    entry: Entry, films: dict[str, list[str]] | None
) -> tuple[list[str], list[tuple[str, str]]]:
    """Paths of a report's films, and those that `films` does not hold."""
    if films is None:
        return [safe_path(name) for name in entry.films], []
    paths, missing = [], []
    for name in entry.films:
        try:
            paths.append(safe_path(find_film(films, name)))
        except ValueError as error:
            missing.append((f"film {name}", str(error)))
    return paths, missing


def _cells(decision: Decision) -> Iterator[str]:
    yield safe(decision.label)
    yield "" if decision.probability is None else f"{decision.probability:.4f}"
    yield safe("; ".join(f"{word} {odds:+.1f}" for word, odds in decision.words))


def safe(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    return "'" + cell if cell.startswith(_FORMULA) else cell


def safe_path(path: str) -> str:
    """The same path, so written that no spreadsheet takes it for a formula."""
    return "./" + path if path.startswith(_FORMULA) else path
