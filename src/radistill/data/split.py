"""Train, validation and test: by patient and content, stratified, seeded.

official: the set's own test films stay the test films; validation is split off its train films.
patient: all films are split anew, by patient.
image: all films are split anew, image by image. It lets a patient's other films into training
and exists only to reproduce published figures that were reached so.

Patients who share a film, or copies of it, are kept together where a split is made by patient.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from radistill.config import DataConfig
from radistill.data.copies import Copies, linked_patients
from radistill.data.draw import Unit, by_image, by_patient, draw
from radistill.data.manifest import SPLITS, Film
from radistill.errors import UsageError

_SHOWN = 5  # leaks in a message


@dataclass(frozen=True)
class Split:
    """Films with `split` filled in; whether a patient or a film is in two; notes for the user.

    protocol: what was done, which is `patient` too where a set under `official` has no test films.
    """

    films: list[Film]
    leaking: bool
    notes: tuple[str, ...]
    protocol: str


def make_split(
    films: Sequence[Film],
    config: DataConfig,
    seed: int,
    keep_val: bool,
    copies: Sequence[Copies] = (),
) -> Split:
    """Fill in `split` of every film by `config.protocol`.

    films: with the data set's own split, or empty. keep_val: its validation films are taken as
    given under `official`; otherwise they are folded into train. copies: the films with the same
    content.

    Raises UsageError if a class has too few patients to split, if the given test films have a
    class that the others lack or only one class, or if a patient or a film is on both sides of a
    given split and `config.allow_leak` is off.
    """
    if config.protocol == "official":
        done, notes = _official(films, config, seed, keep_val, copies)
    elif config.protocol == "image":
        done, notes = _anew(films, by_image(films), config, seed), ()
    else:
        done, notes = _by_patient(films, config, seed, copies), ()
    check_classes(done)
    leaks = [leak for leak in (_patient_leak(done), _copy_leak(done, copies)) if any(leak)]
    if leaks and config.protocol == "official" and not config.allow_leak:
        raise UsageError(
            f"{'; '.join(f'{what} ({shown})' for what, shown in leaks)}. "
            "Figures on such a split are too good. Split anew with "
            "--set data.protocol=patient, or go on with --allow-leak (data.allow_leak=true), "
            "which marks the report."
        )
    # Without the names: notes go out with the model.
    notes += tuple(f"Leaking: {what}. The figures are too good." for what, _ in leaks)
    anew = config.protocol == "official" and not any(film.split == "test" for film in films)
    return Split(done, bool(leaks), notes, "patient" if anew else config.protocol)


def _patient_leak(films: Sequence[Film]) -> tuple[str, str]:
    """How many patients leak, and which; empty if none does."""
    crossing = crossing_patients(films)
    if not crossing:
        return "", ""
    who = "1 patient is" if len(crossing) == 1 else f"{len(crossing)} patients are"
    shown = [f"{patient} in {' and '.join(where)}" for patient, where in crossing.items()]
    return f"{who} in more than one of train, val and test", _first(shown)


def _copy_leak(films: Sequence[Film], copies: Sequence[Copies]) -> tuple[str, str]:
    """How many films leak, and which; empty if none does."""
    crossing = [pair for pair in copies if films[pair.a].split != films[pair.b].split]
    if not crossing:
        return "", ""
    shown = [
        f"{films[pair.a].path} in {films[pair.a].split} and {films[pair.b].path} in "
        f"{films[pair.b].split}, {'the same bytes' if pair.exact else 'nearly the same picture'}"
        for pair in crossing
    ]
    what = "1 film has a copy" if len(crossing) == 1 else f"{len(crossing)} films have copies"
    return f"{what} in another of train, val and test", _first(shown)


def _first(items: Sequence[str]) -> str:
    return "; ".join([*items[:_SHOWN], *(["..."] if len(items) > _SHOWN else [])])


def crossing_patients(films: Sequence[Film]) -> dict[str, tuple[str, ...]]:
    """patient -> its splits, for every patient in more than one."""
    places: dict[str, set[str]] = defaultdict(set)
    for film in films:
        places[film.patient].add(film.split)
    return {who: tuple(sorted(where)) for who, where in sorted(places.items()) if len(where) > 1}


def _official(
    films: Sequence[Film],
    config: DataConfig,
    seed: int,
    keep_val: bool,
    copies: Sequence[Copies],
) -> tuple[list[Film], tuple[str, ...]]:
    given = Counter(film.split for film in films)
    if not given["test"]:
        return _by_patient(films, config, seed, copies), (
            "The data set names no test films: test and validation are split off by patient.",
        )
    if given["val"] and keep_val:
        return list(films), ()
    folded = [film if film.split == "test" else replace(film, split="train") for film in films]
    notes: tuple[str, ...] = ()
    if given["val"]:
        notes = (
            f"The data set's own {given['val']} validation films are folded into train; "
            "validation is split off anew.",
        )
    units = by_patient(film for film in folded if film.split == "train")
    _check_enough(units, "train and val")
    chosen = draw(units, config.val_fraction, seed, config.validation)
    train = [pair for pair in copies if folded[pair.a].split == folded[pair.b].split == "train"]
    first = linked_patients(films, train)
    return [
        replace(film, split="val")
        if film.split == "train" and first.get(film.patient, film.patient) in chosen
        else film
        for film in folded
    ], notes


def _by_patient(
    films: Sequence[Film], config: DataConfig, seed: int, copies: Sequence[Copies]
) -> list[Film]:
    """Split anew by patient; patients who share films go where the first of them was drawn."""
    drawn = _anew(films, by_patient(films), config, seed)
    split = {film.patient: film.split for film in drawn}
    first = linked_patients(films, copies)
    return [replace(film, split=split[first.get(film.patient, film.patient)]) for film in drawn]


def _anew(
    films: Sequence[Film], units: Sequence[Unit], config: DataConfig, seed: int
) -> list[Film]:
    if config.test_fraction == 0:
        raise UsageError(
            "data.test_fraction is 0, but a test split has to be made: "
            "set it to a fraction such as 0.2"
        )
    _check_enough(units, "train, val and test")
    test = draw(units, config.test_fraction, seed, leave=2)
    rest = [unit for unit in units if unit.key not in test]
    val = draw(rest, config.val_fraction, seed, config.validation)

    def place(film: Film) -> str:
        key = film.path if config.protocol == "image" else film.patient
        return "test" if key in test else "val" if key in val else "train"

    return [replace(film, split=place(film)) for film in films]


def _check_enough(units: Sequence[Unit], splits: str) -> None:
    needed = 3 if "test" in splits else 2
    for label, count in sorted(Counter(unit.label for unit in units).items()):
        if count < needed:
            have = "1 patient" if count == 1 else f"{count} patients"
            raise UsageError(
                f"class {label} has {have} to split; at least {needed} are needed, one for each "
                f"of {splits}. Add films or leave the class out."
            )


def check_classes(films: Sequence[Film]) -> None:
    """UsageError if validation or test has one class, or one that train lacks."""
    labels = {name: {film.label for film in films if film.split == name} for name in SPLITS}
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
