"""The films that a model was trained and chosen on, by content, to recognise them elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from radistill.data.film_index import FilmIndex
from radistill.data.manifest import Film, read_manifest
from radistill.data.perceptual_hash import BITS, near_any
from radistill.errors import UsageError
from radistill.schema.card import TRAINING_FILMS

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
        """All but the test films among `films`. perceptual_hashes: by sha256."""
        chosen = {film.sha256 for film in films if film.split != "test"}
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


def training_films_of(model: Path) -> TrainingFilms | None:
    """The films of a bundle's list, or of the manifest of a run or of the run of a model folder."""
    listed = _listed(model)
    for run in (model, model.resolve().parent):  # a run; a model folder or a bundle in it
        if (run / "manifest.csv").is_file() and listed is None:
            films, hashes = read_manifest(run / "manifest.csv"), FilmIndex.hashes_in(run / "cache")
            own, bundle = TrainingFilms.of(films, hashes), _listed(run / "bundle")
            # The cache, which has the perceptual hashes, may have been deleted.
            return TrainingFilms(own.records | bundle.records) if bundle else own
    return listed


def _listed(bundle: Path) -> TrainingFilms | None:
    file = bundle / TRAINING_FILMS
    return TrainingFilms.from_bytes(file.read_bytes(), str(file)) if file.is_file() else None
