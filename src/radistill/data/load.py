"""The way from a path to a Dataset: recognise, name patients, read, choose classes, split."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from radistill.config import DataConfig
from radistill.data.copies import Copies, exact_copies, near_copies
from radistill.data.dataset import Dataset
from radistill.data.labels import choose_classes
from radistill.data.manifest import UNLABELLED, Film
from radistill.data.patients import identify
from radistill.data.scan import scan
from radistill.data.sources import FilmColumns, FilmSource, ListedFilm, open_source
from radistill.data.sources.image_files import some
from radistill.data.sources.joined import joined
from radistill.data.split import check_classes, make_split
from radistill.data.unlabelled import hide_labels, open_folders, usable
from radistill.errors import UsageError


def load_dataset(
    root: Path,
    config: DataConfig,
    seed: int,
    labels: Path | None = None,
    *,
    columns: FilmColumns | None = None,
    unlabelled: Sequence[Path] = (),
    cache: Path | None = None,
    sizes: Iterable[int] = (),
) -> Dataset:
    """Read a data set and split it.

    root: a folder (`train|val|test/CLASS/files` or `CLASS/files`), a CSV (`path,label[,patient]
    [,split][,subtype]`, paths relative to it) or a MedMNIST `.npz`. labels: such a CSV for a
    folder of images; columns: of a CSV of other columns. Files that cannot be read are skipped and
    listed. unlabelled: folders of films without labels, which follow the others, as do the films
    whose labels are missing or hidden by `config.label_fraction`.

    cache: a folder for what is read. The films' squares of these `sizes` are kept there and are the
    `squares` of the dataset; with a cache a film is decoded once, and never again while its content
    and the sizes stay the same. One process at a time may write to it.

    Raises UsageError for anything wrong with the data set or with `config`, see
    `radistill.data.sources`, `names.identify`, `labels.choose_classes` and `split.make_split`.
    """
    source = open_source(root, labels, columns, unlabelled=True)
    given = [film for film in source.films if film.label]
    _check_splits(root, given)
    # Before the reading, which takes longest: a question about classes should come at once.
    choose_classes([film.label for film in given], config.positive)
    folders, folder_notes = open_folders(unlabelled, source, config.patient_regex)
    dataset = read_films(source, config, cache, sizes, folders)
    labelled = [film for film in dataset.films if film.label]
    classes, positive, class_notes = choose_classes([f.label for f in labelled], config.positive)
    copies = _copies(labelled, dataset)
    split = make_split(labelled, config, seed, source.keep_val, copies)
    without = [replace(film, split=UNLABELLED) for film in dataset.films if not film.label]
    dataset = replace(
        dataset,
        films=(*split.films, *without),
        classes=classes,
        positive=positive,
        protocol=split.protocol,
        leaking=split.leaking,
        copies=copies,
        notes=(*class_notes, *dataset.notes, *split.notes),
        local_notes=(*dataset.local_notes, *folder_notes),
    )
    return with_hidden_labels(dataset, config.label_fraction, seed, folders)


def with_hidden_labels(
    dataset: Dataset, fraction: float, seed: int, folders: Collection[str] = ()
) -> Dataset:
    """`dataset` with the labels that `hide_labels` leaves, and those without that are `usable`.

    folders: the first parts of paths that must have one. Raises UsageError as `hide_labels` and
    `usable` do, and if validation is left with one class.
    """
    given = [film for film in dataset.films if film.split != UNLABELLED]
    films, hidden = hide_labels(given, fraction, seed)
    if hidden:
        check_classes(films)
    others = [*hidden, *dataset.split(UNLABELLED)]
    used, left_out = usable(others, films, dataset.perceptual_hashes, folders)
    return replace(
        dataset,
        films=(*films, *used),
        copies=_copies(films, dataset) if hidden else dataset.copies,
        notes=(*dataset.notes, *left_out),
    )


def _copies(films: Sequence[Film], dataset: Dataset) -> tuple[Copies, ...]:
    return (*exact_copies(films), *near_copies(films, dataset.perceptual_hashes))


def _check_splits(root: Path, films: Sequence[ListedFilm]) -> None:
    """Of films to train on."""
    if {film.split for film in films} == {"test"}:
        raise UsageError(
            f"{root}: all films are of the test split and none is to train on; "
            "to judge a model by them: radistill evaluate MODEL --data"
        )
    without = [film.path for film in films if not film.split]
    if without and len(without) < len(films):
        raise UsageError(
            f"{root}: {len(without)} of {len(films)} rows have no split "
            f"({some(without)}); fill all of them or none"
        )


def read_films(
    source: FilmSource,
    config: DataConfig,
    cache: Path | None,
    sizes: Iterable[int],
    others: Mapping[str, FilmSource] | None = None,
) -> Dataset:
    """Every film of `source`, with patients named and no classes; cache, sizes: see above.

    others: by the names that their paths start with, with patients.
    """
    named, patient_notes, known = identify(source.films, config.patient_regex)
    whole = joined(replace(source, films=tuple(named)), others or {})
    read = scan(whole, whole.films, config.max_unreadable, cache, sizes)

    def pixels(path: str) -> np.ndarray:
        return whole.reader.pixels(path, whole.reader.content(path))

    return Dataset(
        name=source.name,
        films=tuple(read.films),
        classes=(),
        positive="",
        pixels=pixels,
        synthetic=source.synthetic,
        unreadable=read.unreadable,
        notes=(*patient_notes, *source.notes),
        local_notes=(*source.local_notes, *read.notes),
        perceptual_hashes=read.perceptual_hashes,
        squares=read.squares,
        patients_known=known,
    )
