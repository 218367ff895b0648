"""What is in a data set and what is wrong with it."""

import statistics
from collections import Counter
from collections.abc import Iterable, Sequence

from radistill.data.audit.warnings import data_warnings
from radistill.data.copies import Copies
from radistill.data.dataset import Dataset
from radistill.data.manifest import SPLITS, UNLABELLED, Film
from radistill.data.perceptual_hash import BITS, NEAR_BITS
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
    """Figures about a data set after its split, of the films with labels."""
    films = [film for film in dataset.films if film.split != UNLABELLED]
    unlabelled = len(dataset.films) - len(films)
    labels = Counter(film.label for film in films).values()
    near = _duplicates(films, [pair for pair in dataset.copies if not pair.exact])
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
        exact_duplicates=_duplicates(films, [pair for pair in dataset.copies if pair.exact]),
        near_duplicates=NearDuplicates(
            hash=f"DCT perceptual hash, {BITS} bits", threshold_bits=NEAR_BITS, **dict(near)
        ),
        notes=dataset.notes,
        local_notes=dataset.local_notes,
        **({"unlabelled": unlabelled} if unlabelled else {}),
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


def _duplicates(films: Sequence[Film], copies: Sequence[Copies]) -> Duplicates:
    """Counts, and the first of the pairs: of two labels, then of two splits, of two patients."""
    pairs = []
    for pair in copies:
        one, two = films[pair.a], films[pair.b]
        differs = (one.label != two.label, one.split != two.split, one.patient != two.patient)
        pairs.append((tuple(not differ for differ in differs), pair.bits, pair.a, pair.b))
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
