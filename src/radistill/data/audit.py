"""What is in a data set and what is wrong with it, as one JSON-able dictionary."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from radistill.data.dataset import Dataset
from radistill.data.looks import BITS, NEAR_BITS, near_pairs
from radistill.data.manifest import SPLITS, Film
from radistill.data.split import crossing_patients

_EXAMPLES = 20


def audit(dataset: Dataset) -> dict[str, Any]:
    """Figures about a data set after its split.

    Keys: name, protocol, synthetic, leaking, classes, positive, films, counts {split: {class: n}},
    subtypes {split: {subtype: n}}, patients {known, total, splits {split: n},
    crossing {patient: splits}}, sizes, imbalance (films of the largest class by those of the
    smallest), unreadable, exact_duplicates and near_duplicates (see `_duplicates`), notes.
    """
    films = dataset.films
    crossing = crossing_patients(films)
    return {
        "name": dataset.name,
        "protocol": dataset.protocol,
        "synthetic": dataset.synthetic,
        "leaking": dataset.leaking,
        "classes": list(dataset.classes),
        "positive": dataset.positive,
        "films": len(films),
        "counts": {name: _count(f.label for f in dataset.split(name)) for name in SPLITS},
        "subtypes": {
            name: _count(f.subtype for f in dataset.split(name) if f.subtype) for name in SPLITS
        },
        "patients": {
            "known": dataset.patients_known,
            "total": len({f.patient for f in films}),
            "splits": {name: len({f.patient for f in dataset.split(name)}) for name in SPLITS},
            "crossing": crossing,
        },
        "sizes": _sizes(films),
        "imbalance": _imbalance(films),
        "unreadable": [asdict(bad) for bad in dataset.unreadable],
        "exact_duplicates": _duplicates(films, _exact(films)),
        "near_duplicates": {
            "hash": f"DCT perceptual hash, {BITS} bits",
            "threshold_bits": NEAR_BITS,
            **_duplicates(films, _near(dataset)),
        },
        "notes": list(dataset.notes),
    }


def _count(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))


def _sizes(films: Sequence[Film]) -> dict[str, Any]:
    common = Counter((f.width, f.height) for f in films).most_common(3)
    return {
        side: {"min": min(values), "median": statistics.median(values), "max": max(values)}
        for side, values in (
            ("width", [f.width for f in films]),
            ("height", [f.height for f in films]),
        )
    } | {"most_common": [{"width": w, "height": h, "films": n} for (w, h), n in common]}


def _imbalance(films: Sequence[Film]) -> float:
    counts = Counter(f.label for f in films).values()
    return round(max(counts) / min(counts), 3)


def _exact(films: Sequence[Film]) -> list[tuple[int, int, int]]:
    """Pairs of the same bytes: each film with the first of its kind."""
    first: dict[str, int] = {}
    pairs = []
    for index, film in enumerate(films):
        before = first.setdefault(film.sha256, index)
        if before != index:
            pairs.append((before, index, 0))
    return pairs


def _near(dataset: Dataset) -> list[tuple[int, int, int]]:
    """Pairs of other bytes that look nearly the same; one film stands for its exact copies."""
    index = {film.sha256: i for i, film in reversed(list(enumerate(dataset.films)))}
    hashed = sorted(i for sha, i in index.items() if sha in dataset.looks)
    looks = [dataset.looks[dataset.films[i].sha256] for i in hashed]
    return [(hashed[a], hashed[b], bits) for a, b, bits in near_pairs(looks)]


def _duplicates(films: Sequence[Film], pairs: Sequence[tuple[int, int, int]]) -> dict[str, Any]:
    """pairs: how many; across_splits, across_patients, differing_labels: how many of them;
    examples: the first of them, the worst kinds first."""
    kinds: dict[str, int] = defaultdict(int)
    rows = []
    for a, b, bits in pairs:
        one, two = films[a], films[b]
        crosses, differs = one.split != two.split, one.label != two.label
        kinds["across_splits"] += crosses
        kinds["across_patients"] += one.patient != two.patient
        kinds["differing_labels"] += differs
        rows.append((not differs, not crosses, bits, one, two))
    rows.sort(key=lambda row: row[:3])
    return {
        "pairs": len(pairs),
        **{kind: kinds[kind] for kind in ("across_splits", "across_patients", "differing_labels")},
        "examples": [
            {
                "paths": [one.path, two.path],
                "splits": [one.split, two.split],
                "labels": [one.label, two.label],
                "differing_bits": bits,
            }
            for _, _, bits, one, two in rows[:_EXAMPLES]
        ],
    }
