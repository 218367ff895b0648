"""Train, validation and test: by patient, stratified, seeded.

official: the set's own test films stay the test films; validation is split off its train films.
patient: all films are split anew, by patient.
image: all films are split anew, image by image. It lets a patient's other films into training
and exists only to reproduce published figures that were reached so.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from radistill.config import DataConfig
from radistill.data.draw import Unit, by_image, by_patient, draw
from radistill.data.manifest import Film
from radistill.errors import UsageError


@dataclass(frozen=True)
class Split:
    """Films with `split` filled in; whether a patient stands in two of them; what to tell."""

    films: list[Film]
    leaking: bool
    notes: tuple[str, ...]


def make_split(films: Sequence[Film], config: DataConfig, seed: int, keep_val: bool) -> Split:
    """Fill in `split` of every film after `config.protocol`.

    films: with the data set's own split, or empty. keep_val: its validation films are taken as
    given under `official`; otherwise they are folded into train.

    Raises UsageError if a class has too few patients to split, if the given test films have a
    class that the others lack or only one class, or if a patient stands on both sides of a given
    split and `config.allow_leak` is off.
    """
    if config.protocol == "official":
        done, notes = _official(films, config, seed, keep_val)
    else:
        units = by_image(films) if config.protocol == "image" else by_patient(films)
        done, notes = _anew(films, units, config, seed), ()
    _check_classes(done)
    crossing = crossing_patients(done)
    if crossing and config.protocol == "official" and not config.allow_leak:
        raise UsageError(_leak_message(crossing))
    if crossing:
        notes += (
            f"Leaking: {_patients(crossing)} in more than one of train, val and "
            "test, so the figures flatter.",
        )
    return Split(done, bool(crossing), notes)


def crossing_patients(films: Sequence[Film]) -> dict[str, list[str]]:
    """patient -> its splits, for every patient that stands in more than one."""
    places: dict[str, set[str]] = defaultdict(set)
    for film in films:
        places[film.patient].add(film.split)
    return {who: sorted(where) for who, where in sorted(places.items()) if len(where) > 1}


def _official(
    films: Sequence[Film], config: DataConfig, seed: int, keep_val: bool
) -> tuple[list[Film], tuple[str, ...]]:
    given = Counter(film.split for film in films)
    if not given["test"]:
        return _anew(films, by_patient(films), config, seed), (
            "The data set names no test films: test and validation are split off by patient.",
        )
    if given["val"] and keep_val:
        return list(films), ()
    folded = [film if film.split == "test" else replace(film, split="train") for film in films]
    pool = [film for film in folded if film.split == "train"]
    notes: tuple[str, ...] = ()
    if given["val"]:
        notes = (
            f"The data set's own {given['val']} validation films are folded into train; "
            "validation is split off anew.",
        )
    units = by_patient(pool)
    _check_enough(units, 2)
    chosen = draw(units, config.val_fraction, seed, config.validation)
    return [
        replace(film, split="val") if film.split == "train" and film.patient in chosen else film
        for film in folded
    ], notes


def _anew(
    films: Sequence[Film], units: Sequence[Unit], config: DataConfig, seed: int
) -> list[Film]:
    if config.test_fraction == 0:
        raise UsageError(
            "data.test_fraction is 0, but a test split has to be made: "
            "set it to a fraction such as 0.2"
        )
    _check_enough(units, 3)
    test = draw(units, config.test_fraction, seed, leave=2)
    rest = [unit for unit in units if unit.key not in test]
    val = draw(rest, config.val_fraction, seed, config.validation)

    def place(film: Film) -> str:
        key = film.path if config.protocol == "image" else film.patient
        return "test" if key in test else "val" if key in val else "train"

    return [replace(film, split=place(film)) for film in films]


def _check_enough(units: Sequence[Unit], needed: int) -> None:
    for label, count in sorted(Counter(unit.label for unit in units).items()):
        if count < needed:
            have = "1 patient" if count == 1 else f"{count} patients"
            raise UsageError(
                f"class {label} has {have} to split; at least {needed} are needed, one for each "
                "of "
                + ("train, val and test" if needed == 3 else "train and val")
                + ". Add films or leave the class out."
            )


def _check_classes(films: Sequence[Film]) -> None:
    labels = {name: {film.label for film in films if film.split == name}
              for name in ("train", "val", "test")}  # fmt: skip
    for name in ("val", "test"):
        unknown = sorted(labels[name] - labels["train"])
        if unknown:
            raise UsageError(
                f"the {name} films have classes that train lacks: "
                f"{', '.join(unknown)}; correct the labels or add films to train"
            )
        if len(labels[name]) < 2:
            raise UsageError(
                f"the {name} films are all of one class "
                f"({', '.join(sorted(labels[name])) or 'none'}); nothing can be "
                "measured so. Use --set data.protocol=patient to split anew"
            )


def _leak_message(crossing: dict[str, list[str]]) -> str:
    shown = "; ".join(
        f"{who} in {' and '.join(where)}" for who, where in list(crossing.items())[:5]
    )
    return (
        f"{_patients(crossing)} in more than one split of the data set ({shown}). "
        "Figures on such a split flatter. Split anew with --set data.protocol=patient, or go on "
        "with --allow-leak (data.allow_leak=true), which marks the report."
    )


def _patients(crossing: dict[str, list[str]]) -> str:
    return "1 patient stands" if len(crossing) == 1 else f"{len(crossing)} patients stand"
