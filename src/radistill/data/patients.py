"""The patient of a film: from the Kaggle file names, a regular expression, or unknown."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from radistill.data.sources import ListedFilm
from radistill.errors import UsageError

# Numbers run separately for bacteria, for virus and for each prefix of normals: person 78 with
# bacteria and person 78 with a virus are two children. Read by the number alone, 170 of the 202
# numbers in the Kaggle test folder seem to be in train as well.
_KAGGLE = (
    re.compile(r"person(?P<number>\d+)_(?P<prefix>bacteria|virus)_\d+", re.IGNORECASE),
    re.compile(r"(?P<prefix>(?:NORMAL2-)?IM)-(?P<number>\d+)", re.IGNORECASE),
)
_NEARLY_ALL = 0.95

_Named = tuple[str, str] | None  # patient and subtype


def kaggle_patient(name: str) -> tuple[str, str] | None:
    """(patient, subtype) of a Kaggle file name, or None if it is none.

    `person12_bacteria_34.jpeg` -> ("bacteria-12", "bacteria");
    `NORMAL2-IM-0927-0001.jpeg` -> ("NORMAL2-IM-0927", "").
    """
    for pattern in _KAGGLE:
        match = pattern.match(name)
        if match:
            subtype = match["prefix"].lower()
            if subtype in ("bacteria", "virus"):
                return f"{subtype}-{match['number']}", subtype
            return f"{match['prefix'].upper()}-{match['number']}", ""
    return None


UNKNOWN = (
    "Patients are unknown: each image counts as its own patient, so films of one patient may be in "
    "train and test. Set data.patient_regex or add a patient column."
)
# Of films that are not split, by a command without that setting.
UNKNOWN_ELSEWHERE = (
    "Patients are unknown: each image counts as its own patient, so intervals are too narrow where "
    "one has several films. Name a column of the table with --patient-column."
)


def identify(
    films: Sequence[ListedFilm], patient_regex: str | None, *, each: bool = False
) -> tuple[list[ListedFilm], tuple[str, ...], bool]:
    """Give every film a patient: (films, notes, whether patients are known).

    A patient that the data set names is kept; then `patient_regex` on the path (named groups
    `patient` and, if any, `subtype`), or the Kaggle names where nearly all files have them. A film
    left over is a patient of its own, named by its path. each: take what a name or the expression
    tells of any film, be they few or none.

    Raises UsageError if the expression is no regular expression, lacks the group `patient` or
    matches no path.
    """
    notes: list[str] = []
    given = sum(bool(film.patient) for film in films)
    if patient_regex is not None:
        names = _by_regex(films, patient_regex, required=not each)
    elif given == len(films):
        return list(films), (), True
    else:
        names = [kaggle_patient(PurePosixPath(film.path).name) for film in films]
        if not each and sum(name is not None for name in names) < _NEARLY_ALL * len(names):
            names = [None] * len(films)
        elif not given:
            notes.append(
                "Patients and subtypes are read from the Kaggle file names; numbers run "
                "separately for bacteria, virus and each prefix of normals."
            )
    named = [_fill(film, name) for film, name in zip(films, names, strict=True)]
    alone = sum(not film.patient for film in named)
    if alone == len(named):
        notes.append(UNKNOWN)
    elif alone:
        notes.append(
            f"{alone} of {len(named)} images name no patient and count as patients of their own."
        )
    whole = [film if film.patient else replace(film, patient=film.path) for film in named]
    return whole, tuple(notes), alone < len(named)


def _fill(film: ListedFilm, name: _Named) -> ListedFilm:
    if name is None:
        return film
    return replace(film, patient=film.patient or name[0], subtype=film.subtype or name[1])


def _by_regex(films: Sequence[ListedFilm], expression: str, *, required: bool) -> list[_Named]:
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
    matches = [pattern.search(film.path) for film in films]
    groups = [match.groupdict("") if match else {} for match in matches]
    names = [(g["patient"], g.get("subtype", "")) if g.get("patient") else None for g in groups]
    if required and not any(names):
        raise UsageError(
            f"data.patient_regex: {expression!r} matches no path, such as {films[0].path}"
        )
    return names
