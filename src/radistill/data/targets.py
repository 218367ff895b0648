"""What a network is trained on, which may be finer than the classes that are reported."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from radistill.data.dataset import Dataset
from radistill.data.manifest import UNLABELLED, Film
from radistill.errors import UsageError


@dataclass(frozen=True)
class Targets:
    """Names of the network's outputs, and for each the index of the class it is reported as.

    With `data.targets: subtype` a soft label has more than the one degree of freedom that two
    classes leave it; the classes of the figures stay those of the labels.
    """

    names: tuple[str, ...]
    class_of: tuple[int, ...]
    by_subtype: bool = False

    def indices(self, films: Sequence[Film]) -> np.ndarray:
        """int64 (N,): the target of each film, -1 of one without a label."""
        rows = {name: row for row, name in enumerate(self.names)} | {"": -1}
        return np.array([rows[self._name(film)] for film in films], dtype=np.int64)

    def _name(self, film: Film) -> str:
        return (film.subtype or film.label) if self.by_subtype else film.label


def targets_of(dataset: Dataset, kind: Literal["label", "subtype", "auto"]) -> Targets:
    """The targets of a data set: its classes, or the subtypes where a film has one.

    auto: subtypes, unless no film with a label has one. Raises UsageError if kind is `subtype` and
    no film has a subtype, or if one has two labels.
    """
    films = [film for film in dataset.films if film.split != UNLABELLED]
    if kind == "label" or (kind == "auto" and not any(film.subtype for film in films)):
        return Targets(dataset.classes, tuple(range(len(dataset.classes))))
    pairs = sorted({(dataset.classes.index(f.label), f.subtype or f.label) for f in films})
    names = tuple(name for _, name in pairs)
    if not any(film.subtype for film in films):
        raise UsageError(
            "data.targets=subtype, but no film has a subtype: they come from the Kaggle file "
            "names, a column `subtype`, or a group `subtype` in data.patient_regex. "
            "data.targets=auto goes on without"
        )
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(
            f"data.targets=subtype, but {', '.join(twice)} has several labels; "
            "rename the subtypes or use data.targets=label"
        )
    return Targets(names, tuple(index for index, _ in pairs), by_subtype=True)
