"""What `radistill score` writes beside its parts, and what it says of them all."""

from collections.abc import Mapping
from typing import Literal

from radistill.schema.monitor_figures import ControlChart
from radistill.schema.prediction import ModelIdentity
from radistill.schema.record import Record


class ArchiveSettings(Record):
    """OUT/_settings.json: what decides the rows, the same for all of them.

    embeddings, overviews: whether rows have these columns. The others: as of `radistill predict`.
    """

    format: Literal[1] = 1
    model: ModelIdentity
    precision: Literal["auto", "float32"]
    threshold: float
    band: float
    any_population: bool
    sketch: bool
    embeddings: bool
    overviews: bool


class ArchiveSummary(Record):
    """OUT in numbers.

    errors: films by code. decisions: films by decision. reasons: films by reason to abstain; a film
    may have several. histogram: films by probability, in 20 steps from 0 to 1. gigabytes: of the
    files that were read. decode_ms, model_ms: means a film, None without any. drift: the whole
    archive against the card, as `radistill monitor` charts a week; notes: what is not compared.
    unfinished: blocks of films without a part yet.
    """

    model: ModelIdentity
    threshold: float
    films: int
    unfinished: int
    errors: Mapping[str, int]
    decisions: Mapping[str, int]
    reasons: Mapping[str, int]
    histogram: tuple[int, ...]
    gigabytes: float
    decode_ms: float | None
    model_ms: float | None
    drift: tuple[ControlChart, ...]
    notes: tuple[str, ...]
