"""What a person should know about a data set before trusting figures from it."""

from __future__ import annotations

from typing import Any

_LOPSIDED = 3.0


def findings(audit: dict[str, Any]) -> list[str]:
    """One plain sentence for each thing amiss in the other keys of an audit."""
    found = []
    crossing = len(audit["patients"]["crossing"])
    if crossing:
        found.append(
            f"{_some(crossing, 'patient')} in more than one of train, val and test: figures on "
            "the test films flatter."
        )
    if not audit["patients"]["known"]:
        found.append("Patients are unknown, so nobody can tell whether one is in train and test.")
    found += _about_copies("the same bytes", audit["exact_duplicates"])
    found += _about_copies("nearly the same picture", audit["near_duplicates"])
    unreadable = len(audit["unreadable"])
    if unreadable:
        found.append(f"{_some(unreadable, 'file')} cannot be read and left out.")
    if audit["imbalance"] >= _LOPSIDED:
        found.append(
            f"The largest class has {audit['imbalance']:.1f} times the films of the smallest: "
            "accuracy alone says little."
        )
    return found


def _about_copies(what: str, duplicates: dict[str, Any]) -> list[str]:
    kinds = {
        "differing_labels": "but different labels: at least one of each is wrong",
        "across_splits": "in two splits: what is scored was seen in training",
        "across_patients": "under two patients",
    }
    return [
        f"{_pairs(duplicates[kind])} of films with {what}, {meaning}."
        for kind, meaning in kinds.items()
        if duplicates[kind]
    ]


def _pairs(count: int) -> str:
    return "1 pair" if count == 1 else f"{count:,} pairs"


def _some(count: int, noun: str) -> str:
    return f"1 {noun} is" if count == 1 else f"{count:,} {noun}s are"
