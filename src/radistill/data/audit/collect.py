"""What is in a data set and what is wrong with it, as one JSON-able dictionary."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from radistill.data.audit.audit_tables import render
from radistill.data.audit.sample_grid import sample_grid
from radistill.data.audit.warnings import findings
from radistill.data.dataset import Dataset
from radistill.data.manifest import SPLITS, Film
from radistill.data.perceptual_hash import BITS, NEAR_BITS, near_pairs
from radistill.data.split import crossing_patients

__all__ = ["audit", "render", "sample_grid"]

_EXAMPLES = 20
KINDS = ("differing_labels", "across_splits", "across_patients")  # of duplicates, worst first


def audit(dataset: Dataset) -> dict[str, Any]:
    """Figures about a data set after its split.

    Keys: name, protocol, synthetic, leaking, classes, positive, films, counts {split: {class: n}},
    subtypes {split: {subtype: n}}, patients {known, total, splits {split: n},
    crossing {patient: splits}}, sizes, imbalance (films of the largest class by those of the
    smallest), unreadable, exact_duplicates and near_duplicates (see `_duplicates`), notes (what
    was assumed), findings (what is amiss, in plain sentences).
    """
    films = dataset.films
    crossing = crossing_patients(films)
    result: dict[str, Any] = {
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
    return {**result, "findings": findings(result)}


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
    hashed = sorted(i for sha, i in index.items() if sha in dataset.perceptual_hashes)
    hashes = [dataset.perceptual_hashes[dataset.films[i].sha256] for i in hashed]
    return [(hashed[a], hashed[b], bits) for a, b, bits in near_pairs(hashes)]


def _duplicates(films: Sequence[Film], pairs: Sequence[tuple[int, int, int]]) -> dict[str, Any]:
    """pairs: how many; across_splits, across_patients, differing_labels: how many of them;
    examples: the first of them, the worst kinds first."""
    kinds: dict[str, int] = defaultdict(int)
    rows = []
    for a, b, bits in pairs:
        one, two = films[a], films[b]
        strange = (one.label != two.label, one.split != two.split, one.patient != two.patient)
        for kind, is_so in zip(KINDS, strange, strict=True):
            kinds[kind] += is_so
        worst_first = tuple(not is_so for is_so in strange)
        rows.append((*worst_first, bits, a, b))
    rows.sort()
    return {
        "pairs": len(pairs),
        **{kind: kinds[kind] for kind in KINDS},
        "examples": [_example(films[a], films[b], bits) for *_, bits, a, b in rows[:_EXAMPLES]],
    }


def _example(one: Film, two: Film, bits: int) -> dict[str, Any]:
    return {
        "paths": [one.path, two.path],
        "splits": [one.split, two.split],
        "labels": [one.label, two.label],
        "patients": [one.patient, two.patient],
        "differing_bits": bits,
    }
