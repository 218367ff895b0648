"""The films that a model was trained and chosen on, by content, to recognise them elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from radistill.data.manifest import Film
from radistill.data.perceptual_hash import BITS, near_any
from radistill.errors import UsageError

_MAGIC = b"radistill training films 1\n"
_SHA_BYTES = 8  # of each sha256: enough that no two of a million films agree by chance
_HASH_BYTES = BITS // 8
_UNKNOWN = bytes(_HASH_BYTES)  # a film without a perceptual hash, or of one grey


@dataclass(frozen=True)
class TrainingFilms:
    """Content of films, in an order that tells nothing.

    records: of each film the first 8 bytes of its sha256 and its perceptual hash of 32 bytes, zeros
    where that is not known.
    """

    records: frozenset[bytes]

    @classmethod
    def of(cls, films: Iterable[Film], perceptual_hashes: Mapping[str, str]) -> TrainingFilms:
        """The train and validation films among `films`. perceptual_hashes: by sha256."""
        chosen = {film.sha256 for film in films if film.split in ("train", "val")}
        return cls(
            frozenset(
                bytes.fromhex(sha)[:_SHA_BYTES]
                + (bytes.fromhex(perceptual_hashes[sha]) if sha in perceptual_hashes else _UNKNOWN)
                for sha in chosen
            )
        )

    @classmethod
    def from_bytes(cls, content: bytes, name: str) -> TrainingFilms:
        """What `to_bytes` made; UsageError, naming the file `name`, if it is something else."""
        body, size = content.removeprefix(_MAGIC), _SHA_BYTES + _HASH_BYTES
        if not content.startswith(_MAGIC) or len(body) % size:
            raise UsageError(f"{name}: not a list of training films, or damaged; copy it again")
        return cls(frozenset(body[i : i + size] for i in range(0, len(body), size)))

    def to_bytes(self) -> bytes:
        return _MAGIC + b"".join(sorted(self.records))

    def contain(self, films: Sequence[Film], perceptual_hashes: Mapping[str, str]) -> np.ndarray:
        """bool (N,): whether each film, or a copy of it, is among these."""
        unknown = _UNKNOWN.hex()
        known = {record[:_SHA_BYTES] for record in self.records}
        hashes = {record[_SHA_BYTES:].hex() for record in self.records} - {unknown}
        asked = [perceptual_hashes.get(film.sha256, unknown) for film in films]
        near = near_any(asked, sorted(hashes))
        for row, film in enumerate(films):
            near[row] &= asked[row] != unknown
            near[row] |= bytes.fromhex(film.sha256)[:_SHA_BYTES] in known
        return near
