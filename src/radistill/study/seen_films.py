"""Films of an evaluation that the model knows from its training or selection."""

from dataclasses import replace
from pathlib import Path

from radistill.data.dataset import Dataset
from radistill.data.manifest import Film
from radistill.data.training_films import training_films_of
from radistill.errors import UsageError

_SHOWN = 3


def without_seen(model: Path, dataset: Dataset, *, keep: bool) -> tuple[Dataset, int | None]:
    """`dataset` without the films that `model` was trained or chosen on, and how many those are.

    The number is None where that cannot be told. keep: they stay. Notes of the dataset say what was
    done. Raises UsageError if no film is left.
    """
    known = training_films_of(model)
    if known is None:
        note = (
            f"{model} does not list the films that it was trained on: whether some of these are "
            "among them cannot be told, and figures on those would be too good."
        )
        return replace(dataset, notes=(*dataset.notes, note)), None
    seen = known.contain(dataset.films, dataset.perceptual_hashes)
    films = [film for film, is_seen in zip(dataset.films, seen, strict=True) if is_seen]
    if not films:
        return dataset, 0
    what = (
        f"{len(films):,} of the {len(dataset.films):,} films, or copies of them, are among those "
        f"that the model was trained or chosen on ({_names(films)})"
    )
    if keep:
        note = f"{what}. They are kept, so the figures are too good."
        return replace(dataset, notes=(*dataset.notes, note)), len(films)
    if len(films) == len(dataset.films):
        raise UsageError(
            f"{what}: none is left to judge it by. Name others, or go on with --keep-seen, which "
            "marks the report."
        )
    rest = tuple(film for film, is_seen in zip(dataset.films, seen, strict=True) if not is_seen)
    note = f"{what}. They are left out; --keep-seen keeps them."
    return replace(dataset, films=rest, notes=(*dataset.notes, note)), len(films)


def _names(films: list[Film]) -> str:
    more = ["..."] if len(films) > _SHOWN else []
    return ", ".join([*(film.path for film in films[:_SHOWN]), *more])
