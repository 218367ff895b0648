"""A data set after reading: films with labels, and how to get at their pixels."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from radistill.data.cache import PixelCache
from radistill.data.copies import Copies
from radistill.data.manifest import Film
from radistill.imaging import to_square
from radistill.schema.audit import Unreadable


@dataclass(frozen=True)
class Dataset:
    """Films of two or more classes.

    classes: class names; the index of a name is the class index of every model.
    positive: the class whose probability is reported (one of `classes`).
    pixels: path of a film -> grey array (H, W), uint8 or uint16.
    protocol: official, patient or image (see `radistill.data.split`).
    leaking: a patient or a film is in more than one split, knowingly.
    synthetic: the films are phantoms.
    notes: what was guessed or assumed, one sentence each, for the user and the model's card.
    local_notes: those that name files, for the user alone.
    perceptual_hashes: sha256 of a film -> its perceptual hash in hexadecimal.
    copies: the pairs of films with the same content, once `load_dataset` has looked for them.
    squares: size -> the films as squares of that size, where `load_dataset` was asked for them.
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
    notes: tuple[str, ...] = ()
    local_notes: tuple[str, ...] = ()
    perceptual_hashes: Mapping[str, str] = field(default_factory=dict, repr=False)
    copies: tuple[Copies, ...] = field(default=(), repr=False)
    squares: Mapping[int, PixelCache] = field(default_factory=dict, repr=False)
    patients_known: bool = True

    def split(self, name: str) -> list[Film]:
        """The films of one split, in manifest order."""
        return [film for film in self.films if film.split == name]

    def square(self, film: Film, size: int) -> np.ndarray:
        """The film at (size, size), uint8; from its largest cached square if there is one.

        Raises DecodeError if it has to be read and no longer can be.
        """
        if self.squares:
            grey = self.squares[max(self.squares)].batch([film.sha256])[0]
        else:
            grey = self.pixels(film.path)
        return to_square(grey, size)

    @property
    def positive_index(self) -> int:
        return self.classes.index(self.positive)
