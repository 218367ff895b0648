"""A data set after reading: films with labels, and how to get at their pixels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from radistill.data.manifest import Film


@dataclass(frozen=True)
class Unreadable:
    """A file that was skipped, with its stable error code and a message for people."""

    path: str
    code: str
    message: str


@dataclass(frozen=True)
class Dataset:
    """Films of two or more classes.

    classes: class names; the index of a name is the class index of every model.
    positive: the class whose probability is reported (one of `classes`).
    pixels: path of a film -> grey array (H, W), uint8 or uint16.
    protocol: official, patient or image (see `radistill.data.split`).
    leaking: a patient stands in more than one split, knowingly.
    synthetic: the films are phantoms.
    notes: what was guessed or assumed, one sentence each, shown to the user.
    looks: sha256 of a film -> its perceptual hash in hexadecimal, for the audit.
    patients_known: False where every image counts as its own patient.
    """

    name: str
    films: tuple[Film, ...]
    classes: tuple[str, ...]
    positive: str
    pixels: Callable[[str], np.ndarray]
    protocol: str = "official"
    leaking: bool = False
    synthetic: bool = False
    unreadable: tuple[Unreadable, ...] = ()
    notes: tuple[str, ...] = field(default=())
    looks: Mapping[str, str] = field(default_factory=dict, repr=False)
    patients_known: bool = True

    def split(self, name: str) -> list[Film]:
        """The films of one split, in manifest order."""
        return [film for film in self.films if film.split == name]

    def with_films(self, films: list[Film], **changes: object) -> Dataset:
        """A copy with other films."""
        return replace(self, films=tuple(films), **changes)  # type: ignore[arg-type]

    @property
    def positive_index(self) -> int:
        return self.classes.index(self.positive)
