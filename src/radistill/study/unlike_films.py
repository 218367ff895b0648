"""Films without labels that are unlike those with labels: no teacher can know what they show."""

import hashlib
from dataclasses import replace

from radistill.data.dataset import Dataset
from radistill.data.manifest import UNLABELLED
from radistill.errors import UsageError
from radistill.export.ood_statistics import unlike

MOST = 1000  # films that the limits are fitted to


def without_unlike(dataset: Dataset) -> Dataset:
    """Leave out the unlabelled films of another layout or orientation; a note counts them.

    By the statistics with which a bundle abstains, fitted to labelled train and validation films.
    Raises UsageError if no unlabelled film is left.
    """
    unlabelled = dataset.split(UNLABELLED)
    if not unlabelled:
        return dataset
    labelled = dataset.split("train") + dataset.split("val")
    labelled.sort(key=lambda film: hashlib.sha256(film.sha256.encode()).digest())
    known, squares = labelled[:MOST], dataset.squares[min(dataset.squares)]
    outside = unlike(
        squares.batch([film.sha256 for film in known]),
        [film.patient for film in known],
        squares.batch([film.sha256 for film in unlabelled]),
    )
    if outside is None:
        note = "Too few labelled films to tell which of the unlabelled ones are no such films."
        return replace(dataset, notes=(*dataset.notes, note))
    left_out = {film.path for film, odd in zip(unlabelled, outside, strict=True) if odd}
    if len(left_out) == len(unlabelled):
        raise UsageError(
            f"all {len(left_out):,} unlabelled films are unlike the labelled ones, in layout or "
            "orientation: no teacher trained on these can know them. Name other films"
        )
    if not left_out:
        return dataset
    note = (
        f"Films without labels that are left out since they are unlike those with labels, in "
        f"layout or orientation: {len(left_out):,} of {len(unlabelled):,}."
    )
    films = tuple(film for film in dataset.films if film.path not in left_out)
    return replace(dataset, films=films, notes=(*dataset.notes, note))
