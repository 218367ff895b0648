"""Films with the same content: found by bytes and by hash, and the patients that share them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from radistill.data.copies import Copies, exact_copies, linked_patients, near_copies
from radistill.data.manifest import Film


def film(patient: str, sha: str) -> Film:
    return Film(f"{patient}/{sha}", "A", "", patient, "", sha, 8, 8)


def test_pairs_by_bytes_and_by_hash() -> None:
    films = [film("p", "x"), film("q", "y"), film("r", "x"), film("s", "z"), film("t", "x")]
    assert exact_copies(films) == [Copies(0, 2, 0, exact=True), Copies(0, 4, 0, exact=True)]
    hashes = {"x": "00" * 32, "y": "ff" * 32, "z": "00" * 31 + "07"}
    assert near_copies(films, hashes) == [Copies(0, 3, 3, exact=False)]


def test_of_films_with_the_same_hash_only_the_first_is_compared() -> None:
    films = [film(f"p{n}", f"sha-{n}") for n in range(1000)]
    hashes = {one.sha256: "00" * 32 for one in films[:-1]} | {"sha-999": "00" * 31 + "07"}
    pairs = near_copies(films, hashes)
    assert pairs == [
        *(Copies(0, n, 0, exact=False) for n in range(1, 999)),
        Copies(0, 999, 3, exact=False),
    ]
    assert len(set(linked_patients(films, pairs).values())) == 1


@given(st.lists(st.tuples(st.integers(0, 15), st.integers(0, 15)), max_size=20))
def test_linked_patients_against_plain_merging(links: list[tuple[int, int]]) -> None:
    films = [film(f"p{n}", str(n)) for n in range(16)]
    groups = [{n} for n in range(16)]
    for a, b in links:
        merged = next(g for g in groups if a in g) | next(g for g in groups if b in g)
        groups = [g for g in groups if not g & merged] + [merged]
    first = linked_patients(films, [Copies(a, b, 0, exact=True) for a, b in links])
    for group in groups:
        assert {first.get(f"p{n}", f"p{n}") for n in group} == {f"p{min(group)}"}
