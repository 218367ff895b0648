"""audit.json: what is in a data set, and what to know before trusting figures from it."""

from collections.abc import Mapping

from pydantic import ConfigDict, Field

from radistill.schema.record import Record

Pair = tuple[str, str]


class Unreadable(Record):
    """A file that was skipped, with its stable error code and a message for people."""

    path: str
    code: str
    message: str


class PatientCounts(Record):
    """Patients in all and by split; crossing: patient -> its splits, if more than one."""

    known: bool
    total: int
    splits: Mapping[str, int]
    crossing: Mapping[str, tuple[str, ...]]


class Spread(Record):
    """Of a width or height, in pixels."""

    min: int
    median: int | float
    max: int


class SizeCount(Record):
    """How many films have a size."""

    width: int
    height: int
    films: int


class FilmSizes(Record):
    """Widths and heights, and the most common pairs of them."""

    width: Spread
    height: Spread
    most_common: tuple[SizeCount, ...]


class DuplicatePair(Record):
    """Two films of one content, or nearly so."""

    paths: Pair
    splits: Pair
    labels: Pair
    patients: Pair
    differing_bits: int


class Duplicates(Record):
    """How many pairs there are, how many of them matter, and the first of those that do most."""

    pairs: int
    differing_labels: int
    across_splits: int
    across_patients: int
    examples: tuple[DuplicatePair, ...]


class NearDuplicates(Duplicates):
    """Pairs whose perceptual hashes differ in at most `threshold_bits`."""

    hash: str
    threshold_bits: int


class Audit(Record):
    """Figures about the films with labels, after the split.

    counts, subtypes: split -> class or subtype -> films. imbalance: films of the largest class by
    those of the smallest. unlabelled: how many films without labels there are besides. notes: what
    was assumed; local_notes: those that name files. warnings: one sentence for each thing amiss.
    """

    model_config = ConfigDict(populate_by_name=True)

    name: str
    protocol: str
    synthetic: bool
    leaking: bool
    classes: tuple[str, ...]
    positive: str
    films: int
    unlabelled: int = 0
    counts: Mapping[str, Mapping[str, int]]
    subtypes: Mapping[str, Mapping[str, int]]
    patients: PatientCounts
    sizes: FilmSizes
    imbalance: float
    unreadable: tuple[Unreadable, ...]
    exact_duplicates: Duplicates
    near_duplicates: NearDuplicates
    notes: tuple[str, ...]
    local_notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = Field((), alias="findings")
