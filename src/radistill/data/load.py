"""The way from a path to a Dataset: recognise, name patients, read, choose classes, split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from radistill.config import DataConfig
from radistill.data.dataset import Dataset
from radistill.data.labels import choose_classes, plain
from radistill.data.patients import identify
from radistill.data.scan import scan
from radistill.data.sources import Source, open_source
from radistill.data.split import make_split
from radistill.errors import UsageError


def load_dataset(root: Path, config: DataConfig, seed: int, labels: Path | None = None) -> Dataset:
    """Read a data set and split it.

    root: a folder (`train|val|test/CLASS/files` or `CLASS/files`), a CSV (`path,label[,patient]
    [,split][,subtype]`, paths relative to it) or a MedMNIST `.npz`. labels: such a CSV for a
    folder of images. Every file is read once; those that cannot be are skipped and listed.

    Raises UsageError for anything wrong with the data set or with `config`, see
    `radistill.data.sources`, `names.identify`, `labels.choose_classes` and `split.make_split`.
    """
    source = open_source(root, labels)
    # Before the reading, which takes longest: a question about classes should come at once.
    choose_classes([entry.label for entry in source.entries], config.positive)
    dataset = _read(source, config)
    classes, positive, class_notes = choose_classes(
        [f.label for f in dataset.films], config.positive
    )
    split = make_split(dataset.films, config, seed, source.keep_val)
    return replace(
        dataset,
        films=tuple(split.films),
        classes=classes,
        positive=positive,
        protocol=config.protocol,
        leaking=split.leaking,
        notes=(*class_notes, *dataset.notes, *split.notes),
    )


def load_films(
    root: Path,
    config: DataConfig,
    classes: Sequence[str],
    positive: str,
    labels: Path | None = None,
    source: Source | None = None,
) -> Dataset:
    """Read a data set for a model that exists: its classes, the split as the data set has it.

    Labels are matched to `classes` whatever their case, spaces and hyphens. source: instead of what
    is recognised at `root`. Raises UsageError as `load_dataset` does, and for a label that is none
    of the model's classes.
    """
    dataset = _read(source or open_source(root, labels), config)
    known = {plain(name): name for name in classes}
    strange = sorted({film.label for film in dataset.films if plain(film.label) not in known})
    if strange:
        raise UsageError(
            f"{root}: the model does not know the class {', '.join(strange)}; "
            f"its classes are {', '.join(classes)}. Rename the folders or labels to these, "
            "or give a table and --map."
        )
    films = [replace(film, label=known[plain(film.label)]) for film in dataset.films]
    return replace(dataset, films=tuple(films), classes=tuple(classes), positive=positive)


def _read(source: Source, config: DataConfig) -> Dataset:
    """Every film, with patients named, before classes are chosen and the split is made."""
    entries, patient_notes, known = identify(source.entries, config.patient_regex)
    films, unreadable, looks = scan(source, entries, config.max_unreadable)

    def pixels(path: str) -> np.ndarray:
        return source.read(path)[1]

    return Dataset(
        name=source.name,
        films=tuple(films),
        classes=(),
        positive="",
        pixels=pixels,
        synthetic=source.synthetic,
        unreadable=unreadable,
        notes=(*patient_notes, *source.notes),
        looks=looks,
        patients_known=known,
    )
