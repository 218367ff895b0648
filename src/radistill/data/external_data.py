"""Films from elsewhere, in whatever layout, as a model of ours can be scored on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from radistill.config import DataConfig
from radistill.data import Dataset, load_films
from radistill.data.sources.foreign_table import Layout, open_layout, parse_map
from radistill.errors import UsageError
from radistill.imaging import to_square

KNOWN = ("path", "label", "split", "patient", "subtype")  # columns with a meaning of their own
Rows = dict[str, dict[str, str]]  # path of a film -> its row in the table


@dataclass(frozen=True)
class Given:
    """What the user says of the data and the threshold, beyond where they lie.

    labels: a table of the films, in `layout` if that is given. split: only the films that the data
    set itself puts there. threshold: instead of the model's own; rule: chosen by it on validation.
    """

    labels: Path | None = None
    layout: Layout | None = None
    split: str | None = None
    threshold: float | None = None
    rule: str | None = None


def foreign_films(
    data: Path, config: DataConfig, classes: tuple[str, ...], positive: str, given: Given
) -> tuple[Dataset, Rows]:
    """The films asked for, and the rows of their table; UsageError if there are none."""
    source, rows = None, Rows()
    if given.layout is not None:
        table, root = (given.labels, data) if given.labels else (data, data.parent)
        if not table.is_file() or table.suffix.lower() == ".npz":
            raise UsageError(f"{data}: columns and --map are of a table; name it with --labels")
        source, rows = open_layout(table, root, given.layout)
    dataset = load_films(data, config, classes, positive, given.labels, source)
    if given.split is not None:
        dataset = dataset.with_films(dataset.split(given.split))
    if not dataset.films:
        where = f" in the split '{given.split}'" if given.split else ""
        raise UsageError(f"{data}: no films{where}")
    return dataset, rows


def group_columns(
    dataset: Dataset, rows: Mapping[str, Mapping[str, str]], layout: Layout | None, size: int
) -> dict[str, list[str]]:
    """What groups can be made by: subtype, image size, exposure, and columns of the table."""
    films = dataset.films
    grey = [to_square(dataset.pixels(film.path), size).mean() for film in films]
    found = {
        "subtype": [film.subtype for film in films],
        "megapixels": [f"{film.width * film.height / 1e6:.3f}" for film in films],
        "exposure": [f"{value:.1f}" for value in grey],
    }
    used = {*KNOWN}
    if layout is not None:
        used |= {layout.image.lower(), layout.label.lower(), layout.patient.lower()}
    header = next(iter(rows.values()), {}).keys()
    for name in header:
        if name and name not in used:
            found[name] = [rows.get(film.path, {}).get(name, "") for film in films]
    return found


def describe_films(dataset: Dataset, classes: tuple[str, ...], positive: str) -> dict[str, Any]:
    """The facts about them that stand in a comparison."""
    return {
        "name": dataset.name,
        "classes": list(classes),
        "positive": positive,
        "counts": {"test": dict(Counter(film.label for film in dataset.films))},
        "protocol": "external",
        "leaking": False,
        "synthetic": dataset.synthetic,
        "unreadable": len(dataset.unreadable),
        "notes": list(dataset.notes),
    }


def layout_of(
    image: str | None, label: str | None, patient: str | None, classes: str | None
) -> Layout | None:
    """The layout that options ask for, None if for none; `classes` as `parse_map` reads it."""
    if not any((image, label, patient, classes)):
        return None
    mapped = parse_map(classes) if classes else {}
    return Layout(image or "path", label or "label", patient or "", mapped)
