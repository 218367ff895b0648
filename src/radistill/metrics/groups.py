"""Where a model fails: its figures by subtype, by image size, by any column of the manifest."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score

from radistill.config import EvaluationConfig
from radistill.data.manifest import COLUMNS as MANIFEST
from radistill.errors import UsageError
from radistill.metrics.intervals import auc_interval, too_few
from radistill.metrics.predictions import Predictions
from radistill.metrics.thresholds import at_threshold

Columns = Mapping[str, Sequence[str]]
MOST_GROUPS = 12  # of words; numbers of more kinds than PARTS are cut into PARTS
PARTS = 3


def manifest_columns(
    manifest: Path, films: Sequence[str], exposure: Callable[[str], float] | None = None
) -> dict[str, list[str]]:
    """The columns of a manifest or other CSV with `path` that can tell groups apart, for `films`.

    Width and height become `megapixels`; `exposure` (path -> mean grey) adds a column. A film that
    the CSV does not name has an empty value. Raises UsageError if the file cannot be read.
    """
    try:
        with manifest.open(encoding="utf-8-sig", newline="") as file:
            rows = {row.get("path", ""): row for row in csv.DictReader(file)}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{manifest}: is no CSV with a column path ({error})") from None
    header = next(iter(rows.values()), {}).keys()
    wanted = [name for name in header if name not in MANIFEST or name == "subtype"]
    found = {name: [str(rows.get(film, {}).get(name) or "") for film in films] for name in wanted}
    if {"width", "height"} <= set(header):
        found["megapixels"] = [_megapixels(rows.get(film, {})) for film in films]
    if exposure is not None:
        found["exposure"] = [f"{exposure(film):.1f}" for film in films]
    return found


def _megapixels(row: Mapping[str, str]) -> str:
    return f"{int(row['width']) * int(row['height']) / 1e6:.3f}" if row else ""


def by_group(
    p: Predictions, threshold: float, columns: Columns, config: EvaluationConfig, seed: int
) -> list[dict[str, Any]]:
    """Figures within each group of each column, with their 95 % intervals and sizes.

    A group whose films are all of one class, such as a subtype of the disease, is set against all
    films of the other class for the AUC, and `against` says so. Below ten patients there is no
    interval, and `no_intervals` says why. Columns of one value, or of too many words, are left out.
    """
    found = []
    for name, values in columns.items():
        groups = _groups(values)
        if len(groups) > 1 or (groups and name == "subtype"):
            found += [
                {"by": name, "group": group}
                | _figures(p, np.asarray(rows), threshold, config.bootstrap, seed)
                for group, rows in groups.items()
            ]
    return found


def _groups(values: Sequence[str]) -> dict[str, list[int]]:
    """Rows by value; numbers cut into parts of about equal size. Empty values are in no group."""
    known = [i for i, value in enumerate(values) if value.strip()]
    distinct = {values[i] for i in known}
    if len(distinct) > PARTS and (numbers := _numbers([values[i] for i in known])) is not None:
        edges = np.quantile(numbers, np.linspace(0, 1, PARTS + 1)[1:-1])
        part = np.searchsorted(edges, numbers)
        cut: dict[str, list[int]] = {}
        for k in range(PARTS):
            inside = np.flatnonzero(part == k)
            if len(inside):
                title = f"{numbers[inside].min():g} to {numbers[inside].max():g}"
                cut[title] = [known[i] for i in inside]
        return cut
    if len(distinct) > MOST_GROUPS:
        return {}
    return {value: [i for i in known if values[i] == value] for value in sorted(distinct)}


def _numbers(values: Sequence[str]) -> np.ndarray | None:
    try:
        numbers = np.array([float(value) for value in values])
    except ValueError:
        return None
    return numbers if np.isfinite(numbers).all() else None


def _figures(
    p: Predictions, rows: np.ndarray, threshold: float, resamples: int, seed: int
) -> dict[str, Any]:
    group = p.rows(rows)
    truth = group.truth
    found: dict[str, Any] = {
        "n": len(group),
        "patients": len(set(group.patient)),
        "positives": int(truth.sum()),
        "auc": None,
        "auc_ci": None,
    }
    decided = at_threshold(group, threshold)
    found |= {key: decided[key] for key in ("recall", "recall_ci", "specificity", "specificity_ci")}
    why = too_few(group.patient)
    ranked = group
    if truth.all() or not truth.any():
        others = np.flatnonzero(p.truth != truth[0])
        ranked = p.rows(np.r_[rows, others])
        found["against"] = "all films of the other class"
    if ranked.truth.any() and not ranked.truth.all():
        found["auc"] = float(roc_auc_score(ranked.truth, ranked.probability))
        if not why:
            found["auc_ci"] = list(
                auc_interval(ranked.truth, ranked.probability, ranked.patient, resamples, seed)
            )
    if why:
        found |= {"recall_ci": None, "specificity_ci": None, "no_intervals": why}
    return found
