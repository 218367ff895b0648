"""Where a model fails: its figures by subtype, by image size, by any column of the manifest."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

from radistill.config import EvaluationConfig
from radistill.data.manifest import COLUMNS as MANIFEST
from radistill.files import read_csv
from radistill.metrics.intervals import auc_interval, too_few
from radistill.metrics.predictions import Predictions
from radistill.metrics.thresholds import at_threshold
from radistill.schema.weak_points import GroupFigures

Columns = Mapping[str, Sequence[str]]
MOST_GROUPS = 12  # of text values; numbers of more kinds than PARTS are cut into PARTS
PARTS = 3


def manifest_columns(
    manifest: Path, films: Sequence[str], exposure: Callable[[str], float] | None = None
) -> dict[str, list[str]]:
    """The columns of a manifest or other CSV with `path` that can make groups, for `films`.

    Width and height become `megapixels`; `exposure` (path -> mean grey) adds a column. A film that
    the CSV does not name has an empty value. Raises UsageError if the file cannot be read.
    """
    header, lines = read_csv(manifest)
    values = (dict(zip(header, row, strict=False)) for _, row in lines)
    rows = {row.get("path", ""): row for row in values}
    wanted = [name for name in header if name not in MANIFEST or name == "subtype"]
    columns = {name: [str(rows.get(film, {}).get(name) or "") for film in films] for name in wanted}
    if {"width", "height"} <= set(header):
        columns["megapixels"] = [_megapixels(rows.get(film, {})) for film in films]
    if exposure is not None:
        columns["exposure"] = [f"{exposure(film):.1f}" for film in films]
    return columns


def _megapixels(row: Mapping[str, str]) -> str:
    return f"{int(row['width']) * int(row['height']) / 1e6:.3f}" if row else ""


def by_group(
    p: Predictions, threshold: float, columns: Columns, config: EvaluationConfig, seed: int
) -> tuple[GroupFigures, ...]:
    """Figures within each group of each column, with their 95 % intervals and sizes.

    A group whose films are all of one class, such as a subtype of the disease, is set against all
    films of the other class for the AUC, and `against` says so. Below ten patients there is no
    interval, and `no_intervals` says why. Columns of one value, or of too many text values, are
    left out.
    """
    return tuple(
        _figures(p, name, group, np.asarray(rows), threshold, config.bootstrap, seed)
        for name, groups in ((name, _groups(values)) for name, values in columns.items())
        if len(groups) > 1 or (groups and name == "subtype")
        for group, rows in groups.items()
    )


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
    p: Predictions,
    by: str,
    group: str,
    rows: np.ndarray,
    threshold: float,
    resamples: int,
    seed: int,
) -> GroupFigures:
    films = p.rows(rows)
    truth, why = films.truth, too_few(films.patient)
    one_class = bool(truth.all() or not truth.any())
    others = np.flatnonzero(p.truth != truth[0]) if one_class else np.array([], int)
    ranked = p.rows(np.r_[rows, others])
    auc = auc_ci = None
    if ranked.truth.any() and not ranked.truth.all():
        auc = float(roc_auc_score(ranked.truth, ranked.probability))
        if not why:
            auc_ci = auc_interval(ranked.truth, ranked.probability, ranked.patient, resamples, seed)
    decided = at_threshold(films, threshold)
    notes = {"against": "all films of the other class"} if one_class else {}
    return GroupFigures(
        by=by,
        group=group,
        n=len(films),
        patients=len(set(films.patient)),
        positives=int(truth.sum()),
        auc=auc,
        auc_ci=auc_ci,
        recall=decided.recall,
        recall_ci=None if why else decided.recall_ci,
        specificity=decided.specificity,
        specificity_ci=None if why else decided.specificity_ci,
        **notes | ({"no_intervals": why} if why else {}),
    )
