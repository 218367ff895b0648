"""Films without labels: folders of them, labels that are hidden, and which films may be used."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from math import ceil
from pathlib import Path

from radistill.data.draw import by_patient, draw
from radistill.data.manifest import UNLABELLED, Film
from radistill.data.patients import identify
from radistill.data.perceptual_hash import near_any
from radistill.data.sources import FilmSource, ListedFilm, open_unlabelled
from radistill.errors import UsageError, counted


def open_folders(
    folders: Sequence[Path], source: FilmSource, patient_regex: str | None
) -> tuple[dict[str, FilmSource], tuple[str, ...]]:
    """By name the folders' films, with patients and with paths that start with that name; notes.

    The name is that of the folder, or numbered where a path of `source` or another folder has it.
    Patients are named as those of `source` are, film by film, to tell which are of validation or
    test. Raises UsageError for a folder without films.
    """
    taken = {film.path.partition("/")[0] for film in source.films}
    opened: dict[str, FilmSource] = {}
    notes = []
    for folder in folders:
        listed = open_unlabelled(folder)
        films, _, known = identify(listed.films, patient_regex, each=True)
        name, number = listed.name, 1
        while name in taken:
            number += 1
            name = f"{listed.name}-{number}"
        taken.add(name)
        opened[name] = replace(listed, films=tuple(_below(name, film) for film in films))
        if not known:
            notes.append(
                f"Patients of the films in {folder} are unknown: which of them show a validation "
                "or test patient is told by content alone."
            )
    return opened, tuple(notes)


def _below(name: str, film: ListedFilm) -> ListedFilm:
    path = f"{name}/{film.path}"
    alone = film.patient == film.path
    return replace(film, path=path, patient=path if alone else film.patient, subtype="")


def hide_labels(films: Sequence[Film], fraction: float, seed: int) -> tuple[list[Film], list[Film]]:
    """The films that keep their labels, and those of train and val that lose them.

    fraction: of the patients of train, and of those of val, within each class and subtype, whose
    labels are kept; of each class one patient at least in both. Test keeps all.

    Raises UsageError if the fraction is less than two patients of a class.
    """
    if fraction == 1:
        return list(films), []
    units = {split: by_patient(f for f in films if f.split == split) for split in ("train", "val")}
    for label, count in sorted(Counter(u.label for some in units.values() for u in some).items()):
        if fraction * count < 2:
            raise UsageError(
                f"data.label_fraction={fraction:g} leaves class {label} with less than 2 of its "
                f"{counted(count, 'patient')}; 2 are needed, one to train on and one to choose by: "
                f"set it to {ceil(2e4 / count) / 1e4:g} at least"
            )
    kept = {split: draw(some, fraction, seed, leave=0) for split, some in units.items()}
    labelled, hidden = [], []
    for film in films:
        if film.patient in kept.get(film.split, {film.patient}):
            labelled.append(film)
        else:
            hidden.append(replace(film, label="", subtype="", split=UNLABELLED))
    return labelled, hidden


def usable(
    unlabelled: Sequence[Film],
    labelled: Sequence[Film],
    perceptual_hashes: Mapping[str, str],
    folders: Collection[str],
) -> tuple[list[Film], tuple[str, ...]]:
    """The unlabelled films that may be trained on, and a note about those that are left out.

    No film is used that shows a validation or test patient, or that has the content of a film with
    a label or of another film without. folders: names of those that must have one that is used.

    Raises UsageError if a folder has none, or there is none at all.
    """
    held = [film for film in labelled if film.split in ("val", "test")]
    patients = {film.patient for film in held}
    of_held = _same_content(unlabelled, held, perceptual_hashes)
    train = [film for film in labelled if film.split == "train"]
    of_train = _same_content(unlabelled, train, perceptual_hashes)
    used: dict[str, Film] = {}
    why: dict[str, Counter[str]] = {name: Counter() for name in ("", *folders)}
    for film, in_held, in_train in zip(unlabelled, of_held, of_train, strict=True):
        folder = film.path.partition("/")[0]
        reasons = why[folder if folder in folders else ""]
        if in_held or film.patient in patients:
            reasons["of validation or test, by patient or content"] += 1
        elif in_train:
            reasons["with the content of a labelled film"] += 1
        elif film.sha256 in used:
            reasons["that are there already"] += 1
        else:
            reasons[""] += 1
            used[film.sha256] = film
    for folder, reasons in why.items():
        if reasons.total() and not reasons[""]:
            where = f"--unlabelled {folder}" if folder else "films without labels"
            raise UsageError(f"{where}: none can be used: {_listed(reasons)}. Name other films")
    all_reasons = sum(why.values(), Counter())
    del all_reasons[""]
    notes = (f"Films without labels that are left out: {_listed(all_reasons)}.",)
    return list(used.values()), notes if all_reasons else ()


def _listed(reasons: Counter[str]) -> str:
    return ", ".join(f"{count:,} {reason}" for reason, count in reasons.items() if reason)


def _same_content(
    films: Sequence[Film], others: Sequence[Film], perceptual_hashes: Mapping[str, str]
) -> list[bool]:
    """Of each film whether one of `others` has its bytes, or nearly its picture."""
    known = {film.sha256 for film in others}
    hashes = {perceptual_hashes[sha] for sha in known}
    near = near_any([perceptual_hashes[film.sha256] for film in films], sorted(hashes))
    return [film.sha256 in known or bool(one) for film, one in zip(films, near, strict=True)]
