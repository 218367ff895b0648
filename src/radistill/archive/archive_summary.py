"""`radistill score summary`: sums over all parts, batch by batch, and drift against the card."""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as arrow
import pyarrow.compute as compute

from radistill.adapt.control_charts import PeriodSums, WatchReference, control_charts, of_card
from radistill.adapt.control_limits import FEWEST, SketchMoments, counts_at, share_distance
from radistill.adapt.week_rows import SHARES, WATCHED
from radistill.archive.out_folder import MODEL, finished_parts, opened_part, read_settings
from radistill.archive.storage import Storage
from radistill.archive.work_plan import make_plan
from radistill.errors import UsageError
from radistill.progress import bar
from radistill.schema.archive_figures import ArchiveSummary
from radistill.schema.card import CARD, Card, read_card

STEPS = 20  # of the histogram
FALSE_ALARMS = 0.01
_BATCH = 65_536  # rows
_COLUMNS = (
    *("probability", "decision", "reasons", "decode_ms", "model_ms", "bytes", "sketch"),
    "error_code",
)


def summarise(out: str) -> ArchiveSummary:
    """Sum up the parts of OUT. Memory does not depend on how many films there are.

    Raises UsageError if OUT is none of `radistill score`, holds no part, or a damaged one.
    """
    storage = Storage(out)
    settings = read_settings(storage)
    blocks = make_plan(storage, (), 1).blocks
    parts = finished_parts(storage, blocks)
    if not parts:
        raise UsageError(f"{out}: has no rows yet; radistill score writes them")
    card = _card(storage, settings.model.sha256)
    sums = _Sums(of_card(card))
    with bar() as progress:
        for block in progress.track(parts, description="Reading"):
            with opened_part(storage, block.part) as file:
                for batch in file.iter_batches(_BATCH, columns=_COLUMNS):
                    sums.add(batch)
    drift, _, notes = control_charts({"archive": sums.period}, sums.reference, FALSE_ALARMS)
    return ArchiveSummary(
        model=settings.model,
        threshold=settings.threshold,
        films=sum(size.films for size in parts.values()),
        unfinished=len(blocks) - len(parts),
        errors=_ordered(sums.errors),
        decisions=_ordered(sums.decisions),
        reasons=_ordered(sums.reasons),
        histogram=tuple(sums.histogram.tolist()),
        gigabytes=sums.bytes / 1e9,
        decode_ms=sums.mean_ms("decode_ms"),
        model_ms=sums.mean_ms("model_ms"),
        drift=drift,
        notes=notes,
    )


def _card(storage: Storage, sha256: str) -> Card:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, CARD)
        try:
            path.write_bytes(storage.read(f"{MODEL}/{CARD}"))
        except FileNotFoundError:
            raise UsageError(
                f"{storage.uri}/{MODEL}: is not whole; radistill score puts back what is missing"
            ) from None
        card = read_card(path)
    return card.of(next(name for name in card.files if card.files[name] == sha256))


def _ordered(counts: Counter[str]) -> dict[str, int]:
    return dict(counts.most_common())


@dataclass
class _Sums:
    """What is summed over the rows. below: as of `counts_at`. sketch and its square: sums of the
    vectors and of their outer products."""

    reference: WatchReference
    read: int = 0
    abstained: int = 0
    bytes: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    decisions: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    ms: Counter[str] = field(default_factory=Counter)
    histogram: np.ndarray = field(default_factory=lambda: np.zeros(STEPS, int))
    below: np.ndarray | int = 0
    sketches: int = 0
    sketch: np.ndarray | float = 0.0
    square: np.ndarray | float = 0.0

    def add(self, batch: arrow.RecordBatch) -> None:
        self.errors.update(_counts(batch["error_code"]))
        self.decisions.update(_counts(batch["decision"]))
        self.reasons.update(_counts(batch["reasons"].flatten()))
        self.bytes += compute.sum(batch["bytes"]).as_py() or 0
        for name in ("decode_ms", "model_ms"):
            self.ms[name] += compute.sum(batch[name]).as_py() or 0
        watched = compute.is_in(batch["reasons"].flatten(), arrow.array(WATCHED))
        rows = compute.list_parent_indices(batch["reasons"]).filter(watched)
        self.abstained += compute.count_distinct(rows).as_py()
        probability = batch["probability"].drop_null().to_numpy()
        self.read += len(probability)
        self.histogram += np.histogram(probability, STEPS, (0, 1))[0]
        if self.reference.quantiles is not None:
            self.below = self.below + counts_at(self.reference.quantiles, probability)
        sketches = np.array(batch["sketch"].drop_null().to_pylist())
        if len(sketches):
            self.sketches += len(sketches)
            self.sketch = self.sketch + sketches.sum(axis=0)
            self.square = self.square + sketches.T @ sketches

    def mean_ms(self, name: str) -> float | None:
        return self.ms[name] / self.read if self.read else None

    @property
    def period(self) -> PeriodSums:
        """All films as if of one week."""
        failed = self.errors.total()
        counts = Counter({name: self.reasons[name] for name in SHARES})
        counts.update(
            all=self.read + failed, read=self.read, unreadable=failed, abstained=self.abstained
        )
        distance = None
        if self.reference.quantiles is not None and self.read:
            distance = share_distance(self.reference.quantiles, np.asarray(self.below) / self.read)
        return PeriodSums(counts, distance, self._moments(), self.sketches > 0)

    def _moments(self) -> SketchMoments | None:
        if self.sketches < FEWEST:
            return None
        mean = np.asarray(self.sketch) / self.sketches
        spread = np.asarray(self.square) - self.sketches * np.outer(mean, mean)
        return SketchMoments(mean, spread / (self.sketches - 1), self.sketches)


def _counts(values: arrow.Array) -> dict[str, int]:
    pairs = compute.value_counts(values.drop_null()).to_pylist()
    return {pair["values"]: pair["counts"] for pair in pairs}
