"""Rows of a ledger by week, and what a week's charts are made of."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta

import numpy as np

from radistill.adapt.control_limits import FEWEST, SketchMoments
from radistill.adapt.ledgers import LedgerRow
from radistill.errors import UsageError
from radistill.runtime.decision import REASONS

# What users ask for with --band says nothing about films; the probabilities have a chart.
WATCHED = tuple(reason for reason in REASONS if reason != "near-threshold")
SHARES = ("abstained", "unreadable", *WATCHED)


def by_week(rows: Sequence[LedgerRow]) -> dict[str, list[LedgerRow]]:
    """The rows that have a time by the Monday of their week, in order."""
    weeks: dict[str, list[LedgerRow]] = defaultdict(list)
    for row in rows:
        if row.time is not None:
            day = row.time.date()
            weeks[(day - timedelta(days=day.weekday())).isoformat()].append(row)
    if not weeks:
        raise UsageError(
            "no result has a time, so there are no weeks: predict with --sketch, which stores it, "
            "or give a CSV of paths and times with --times"
        )
    return dict(sorted(weeks.items()))


def films_read(rows: Sequence[LedgerRow]) -> list[LedgerRow]:
    return [row for row in rows if row.error is None]


def probabilities(rows: Sequence[LedgerRow]) -> np.ndarray:
    return np.array([row.probability for row in films_read(rows)])


def sketch_moments(rows: Sequence[LedgerRow]) -> SketchMoments | None:
    """None with fewer than `FEWEST` sketches."""
    sketches = [row.sketch for row in rows if row.sketch]
    return SketchMoments.of(np.array(sketches)) if len(sketches) >= FEWEST else None


def share_counts(rows: Sequence[LedgerRow]) -> Counter[str]:
    """Films by name of `SHARES`; `all`, and `read` for those that could be."""
    counts = Counter(all=len(rows), read=0, unreadable=0)
    for row in rows:
        counts["unreadable" if row.error else "read"] += 1
        reasons = [reason for reason in row.reasons if reason in WATCHED]
        counts.update(reasons)
        counts["abstained"] += bool(reasons)
    return counts


def counted_of(counts: Mapping[str, int], name: str) -> int:
    """Of how many films `name` is a share."""
    return counts["all" if name == "unreadable" else "read"]
