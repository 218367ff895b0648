"""Films with the same content: byte for byte, or another size, exposure or compression of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from radistill.data.draw import natural
from radistill.data.manifest import Film
from radistill.data.perceptual_hash import near_pairs


@dataclass(frozen=True, slots=True)
class Copies:
    """Two films, as rows of a list of films, and in how many bits their hashes differ.

    exact: the files have the same bytes.
    """

    a: int
    b: int
    bits: int
    exact: bool


def exact_copies(films: Sequence[Film]) -> list[Copies]:
    """Pairs of the same bytes: each film with the first of its kind."""
    first: dict[str, int] = {}
    pairs = ((first.setdefault(film.sha256, row), row) for row, film in enumerate(films))
    return [Copies(a, b, 0, exact=True) for a, b in pairs if a != b]


def near_copies(films: Sequence[Film], perceptual_hashes: Mapping[str, str]) -> list[Copies]:
    """Pairs of other bytes with nearly the same perceptual hash, nearest first.

    perceptual_hashes: by sha256. Of films with the same bytes or the same hash only the first is
    compared with others, so that a thousand blank films are a thousand pairs and not a million.
    """
    first = {film.sha256: row for row, film in reversed(list(enumerate(films)))}
    rows = sorted(row for sha, row in first.items() if sha in perceptual_hashes)
    of_hash: dict[str, int] = {}
    same = [(of_hash.setdefault(perceptual_hashes[films[row].sha256], row), row) for row in rows]
    alone = list(of_hash.values())
    near = [(alone[a], alone[b], bits) for a, b, bits in near_pairs(list(of_hash))]
    pairs = [(a, b, 0) for a, b in same if a != b] + near
    return [Copies(a, b, bits, exact=False) for a, b, bits in pairs]


def linked_patients(films: Sequence[Film], copies: Sequence[Copies]) -> dict[str, str]:
    """patient -> the first of the patients that it shares films with, directly or through others.

    First in natural order, so that it does not depend on the order of `films`. Patients that share
    no film are left out.
    """
    leader: dict[str, str] = {}

    def lead(patient: str) -> str:
        while patient in leader:
            patient = leader[patient]
        return patient

    for pair in copies:
        one, other = sorted((lead(films[row].patient) for row in (pair.a, pair.b)), key=natural)
        if one != other:
            leader[other] = one
    return {patient: lead(patient) for patient in leader}
