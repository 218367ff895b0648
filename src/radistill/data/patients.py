"""Who the patient of a film is: from the Kaggle file names, a regular expression, or unknown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from radistill.data.sources import ListedFilm
from radistill.errors import UsageError

# Person numbers run separately for bacteria and for virus, and each series of normals has its own:
# person 78 with bacteria and person 78 with a virus are two children. Read by the number alone,
# 170 of the 202 numbers in the Kaggle test folder seem to stand in train as well.
_KAGGLE = (
    re.compile(r"person(?P<number>\d+)_(?P<series>bacteria|virus)_\d+", re.IGNORECASE),
    re.compile(r"(?P<series>(?:NORMAL2-)?IM)-(?P<number>\d+)", re.IGNORECASE),
)
_NEARLY_ALL = 0.95


def kaggle_patient(name: str) -> tuple[str, str] | None:
    """(patient, subtype) of a Kaggle file name, or None if it is none.

    `person12_bacteria_34.jpeg` -> ("bacteria-12", "bacteria");
    `NORMAL2-IM-0927-0001.jpeg` -> ("NORMAL2-IM-0927", "").
    """
    for pattern in _KAGGLE:
        match = pattern.match(name)
        if match:
            series = match["series"]
            pneumonia = series.lower() in ("bacteria", "virus")
            series = series.lower() if pneumonia else series.upper()
            return f"{series}-{match['number']}", series if pneumonia else ""
    return None


def identify(
    entries: Sequence[ListedFilm], patient_regex: str | None
) -> tuple[list[ListedFilm], tuple[str, ...], bool]:
    """Give every entry a patient: (entries, notes, whether patients are known).

    What the data set itself says stands; then `patient_regex` on the path (named groups `patient`
    and, if any, `subtype`), or the Kaggle names where nearly all files have them. A film left over
    is a patient of its own, named by its path.

    Raises UsageError if the expression is no regular expression, lacks the group `patient` or
    matches no path.
    """
    notes: list[str] = []
    given = [entry for entry in entries if entry.patient]
    if patient_regex is not None:
        found = _by_regex(entries, patient_regex)
    elif len(given) == len(entries):
        return list(entries), (), True
    else:
        found = _by_kaggle(entries)
        if any(found) and not given:
            notes.append(
                "Patients and subtypes are read from the Kaggle file names; numbers run "
                "separately for bacteria, virus and each series of normals."
            )
    named = [_fill(entry, hit) for entry, hit in zip(entries, found, strict=True)]
    alone = sum(not entry.patient for entry in named)
    if alone == len(named):
        notes.append(
            "Patients are unknown: each image counts as its own patient, so films of one "
            "patient may stand in train and test. Set data.patient_regex or add a "
            "patient column."
        )
    elif alone:
        notes.append(
            f"{alone} of {len(named)} images name no patient and count as patients of their own."
        )
    whole = [entry if entry.patient else replace(entry, patient=entry.path) for entry in named]
    return whole, tuple(notes), alone < len(named)


def _fill(entry: ListedFilm, hit: tuple[str, str] | None) -> ListedFilm:
    if hit is None:
        return entry
    return replace(entry, patient=entry.patient or hit[0], subtype=entry.subtype or hit[1])


def _by_kaggle(entries: Sequence[ListedFilm]) -> list[tuple[str, str] | None]:
    found = [kaggle_patient(PurePosixPath(entry.path).name) for entry in entries]
    hits = sum(hit is not None for hit in found)
    return found if hits >= _NEARLY_ALL * len(found) else [None] * len(found)


def _by_regex(entries: Sequence[ListedFilm], expression: str) -> list[tuple[str, str] | None]:
    try:
        pattern = re.compile(expression)
    except re.error as error:
        raise UsageError(
            f"data.patient_regex: {expression!r} is no regular expression ({error})"
        ) from None
    if "patient" not in pattern.groupindex:
        raise UsageError(
            "data.patient_regex: needs a group named patient, such as (?P<patient>\\d+)_"
        )
    found: list[tuple[str, str] | None] = []
    for entry in entries:
        match = pattern.search(entry.path)
        groups = match.groupdict(default="") if match else {}
        patient = groups.get("patient", "")
        found.append((patient, groups.get("subtype", "")) if patient else None)
    if not any(found):
        raise UsageError(
            f"data.patient_regex: {expression!r} matches no path, such as {entries[0].path}"
        )
    return found
