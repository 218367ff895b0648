"""What is in a data set and what is wrong with it."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Sequence

from radistill.data.audit.warnings import data_warnings
from radistill.data.dataset import Dataset
from radistill.data.manifest import SPLITS, Film
from radistill.data.perceptual_hash import BITS, NEAR_BITS, near_pairs
from radistill.data.split import crossing_patients
from radistill.schema.audit import (
    Audit,
    DuplicatePair,
    Duplicates,
    FilmSizes,
    NearDuplicates,
    PatientCounts,
    SizeCount,
    Spread,
)

_EXAMPLES = 20


def audit(dataset: Dataset) -> Audit:
    """Figures about a data set after its split."""
    films = dataset.films
    labels = Counter(film.label for film in films).values()
    near = _duplicates(films, _near(dataset))
    result = Audit(
        name=dataset.name,
        protocol=dataset.protocol,
        synthetic=dataset.synthetic,
        leaking=dataset.leaking,
        classes=dataset.classes,
        positive=dataset.positive,
        films=len(films),
        counts={name: _count(film.label for film in dataset.split(name)) for name in SPLITS},
        subtypes={
            name: _count(film.subtype for film in dataset.split(name) if film.subtype)
            for name in SPLITS
        },
        patients=PatientCounts(
            known=dataset.patients_known,
            total=len({film.patient for film in films}),
            splits={name: len({film.patient for film in dataset.split(name)}) for name in SPLITS},
            crossing=crossing_patients(films),
        ),
        sizes=_sizes(films),
        imbalance=round(max(labels) / min(labels), 3),
        unreadable=dataset.unreadable,
        exact_duplicates=_duplicates(films, _exact(films)),
        near_duplicates=NearDuplicates(
            hash=f"DCT perceptual hash, {BITS} bits", threshold_bits=NEAR_BITS, **dict(near)
        ),
        notes=dataset.notes,
    )
    return result.model_copy(update={"warnings": data_warnings(result)})


def _count(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))


def _sizes(films: Sequence[Film]) -> FilmSizes:
    common = Counter((film.width, film.height) for film in films).most_common(3)
    return FilmSizes(
        width=_spread([film.width for film in films]),
        height=_spread([film.height for film in films]),
        most_common=tuple(SizeCount(width=w, height=h, films=n) for (w, h), n in common),
    )


def _spread(values: Sequence[int]) -> Spread:
    return Spread(min=min(values), median=statistics.median(values), max=max(values))


def _exact(films: Sequence[Film]) -> list[tuple[int, int, int]]:
    """Pairs of the same bytes: each film with the first of its kind."""
    first: dict[str, int] = {}
    pairs = ((first.setdefault(film.sha256, row), row, 0) for row, film in enumerate(films))
    return [pair for pair in pairs if pair[0] != pair[1]]


def _near(dataset: Dataset) -> list[tuple[int, int, int]]:
    """Pairs of other bytes that look nearly the same; one film stands for its exact copies."""
    first = {film.sha256: row for row, film in reversed(list(enumerate(dataset.films)))}
    rows = sorted(row for sha, row in first.items() if sha in dataset.perceptual_hashes)
    hashes = [dataset.perceptual_hashes[dataset.films[row].sha256] for row in rows]
    return [(rows[a], rows[b], bits) for a, b, bits in near_pairs(hashes)]


def _duplicates(films: Sequence[Film], rows: Sequence[tuple[int, int, int]]) -> Duplicates:
    """Counts, and the first of the pairs: those of two labels, then of two splits, of two patients.

    rows: of both films, and how many bits of their hashes differ.
    """
    pairs = []
    for a, b, bits in rows:
        one, two = films[a], films[b]
        differs = (one.label != two.label, one.split != two.split, one.patient != two.patient)
        pairs.append((tuple(not differ for differ in differs), bits, a, b))
    labels, splits, patients = (sum(not same[i] for same, *_ in pairs) for i in range(3))
    return Duplicates(
        pairs=len(pairs),
        differing_labels=labels,
        across_splits=splits,
        across_patients=patients,
        examples=tuple(
            _example(films[a], films[b], bits) for _, bits, a, b in sorted(pairs)[:_EXAMPLES]
        ),
    )


def _example(one: Film, two: Film, bits: int) -> DuplicatePair:
    return DuplicatePair(
        paths=(one.path, two.path),
        splits=(one.split, two.split),
        labels=(one.label, two.label),
        patients=(one.patient, two.patient),
        differing_bits=bits,
    )
