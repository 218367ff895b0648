"""What every kind of data set is turned into before any pixel is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Entry:
    """A film as the data set lists it; unknown fields are empty.

    path: as in `Film`. split: train, val, test or empty.
    """

    path: str
    label: str
    split: str = ""
    patient: str = ""
    subtype: str = ""


@dataclass(frozen=True)
class Source:
    """A recognised data set.

    read: path of an entry -> (bytes that identify the film, grey array); raises DecodeError.
    keep_val: its validation split is to be taken as given; the Kaggle set's 16 images are not.
    """

    name: str
    entries: tuple[Entry, ...]
    read: Callable[[str], tuple[bytes, np.ndarray]]
    keep_val: bool = False
    synthetic: bool = False
    notes: tuple[str, ...] = ()
