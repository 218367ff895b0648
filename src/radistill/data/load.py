"""The way from a path to a Dataset: recognise, name patients, read, choose classes, split."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from radistill.config import DataConfig
from radistill.data.dataset import Dataset
from radistill.data.labels import choose_classes
from radistill.data.names import identify
from radistill.data.scan import scan
from radistill.data.sources import open_source
from radistill.data.split import make_split


def load_dataset(root: Path, config: DataConfig, seed: int, labels: Path | None = None) -> Dataset:
    """Read a data set and split it.

    root: a folder (`train|val|test/CLASS/files` or `CLASS/files`), a CSV (`path,label[,patient]
    [,split][,subtype]`, paths relative to it) or a MedMNIST `.npz`. labels: such a CSV for a
    folder of images. Every file is read once; those that cannot be are skipped and listed.

    Raises UsageError for anything wrong with the data set or with `config`, see
    `radistill.data.sources`, `names.identify`, `labels.choose_classes` and `split.make_split`.
    """
    source = open_source(root, labels)
    entries, patient_notes, known = identify(source.entries, config.patient_regex)
    # Before the reading, which takes longest: a question about classes should come at once.
    choose_classes([entry.label for entry in entries], config.positive)
    films, unreadable, looks = scan(source, entries, config.max_unreadable)
    classes, positive, class_notes = choose_classes([f.label for f in films], config.positive)
    split = make_split(films, config, seed, source.keep_val)

    def pixels(path: str) -> np.ndarray:
        return source.read(path)[1]

    return Dataset(
        name=source.name,
        films=tuple(split.films),
        classes=classes,
        positive=positive,
        pixels=pixels,
        protocol=config.protocol,
        leaking=split.leaking,
        synthetic=source.synthetic,
        unreadable=unreadable,
        notes=(*class_notes, *patient_notes, *source.notes, *split.notes),
        looks=looks,
        patients_known=known,
    )
