"""A perceptual hash of 256 bits, and the films that share nearly all of it."""

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
from PIL import Image

from radistill.imaging import to_square

_SIDE = 16  # bits a side
BITS = _SIDE * _SIDE
# Chest films are alike, so the hash is finer than the usual 64 bits. On the 5,840
# Kaggle films the nearest two that are different films differ in 38 bits; a film and its copy at
# another size, brightness or JPEG quality (down to 20) in at most 20; one cropped by 1 % in 16.
NEAR_BITS = 20
_ROWS = 256  # compared with all others at once


def perceptual_hash(grey: np.ndarray) -> str:
    """Perceptual hash (DCT of a 64 x 64 reduction, 16 x 16 signs) of a film, in hexadecimal."""
    import imagehash  # not part of the light install, which has no data sets to audit

    return str(imagehash.phash(Image.fromarray(to_square(grey, 64)), hash_size=_SIDE))


def near_pairs(hashes: Sequence[str], most: int = NEAR_BITS) -> list[tuple[int, int, int]]:
    """Pairs (i, j, differing bits) with i < j that differ in at most `most` bits, nearest first.

    Of `most` + 2 blocks of bits such a pair shares two at least, so only films that share two are
    compared (multi-index hashing, Norouzi et al. 2012): on chest films one pair in 2,000.
    """
    if len(hashes) < 2:
        return []
    words = _words(hashes)
    bits = np.unpackbits(words.view(np.uint8), axis=1)
    blocks = [_numbered(bits[:, n :: most + 2]) for n in range(most + 2)]
    near = np.empty((0, 3), dtype=np.int64)
    for a, b in combinations(blocks, 2):
        pairs = [near]
        for one, other in _equal_pairs(a * len(words) + b):
            differing = np.bitwise_count(words[one] ^ words[other]).sum(axis=1)
            i, j, few = np.minimum(one, other), np.maximum(one, other), differing <= most
            pairs.append(np.stack([differing, i, j], axis=1)[few].astype(np.int64))
        near = np.unique(np.concatenate(pairs), axis=0) if len(pairs) > 1 else near
    return [(i, j, differing) for differing, i, j in near.tolist()]


def _numbered(rows: np.ndarray) -> np.ndarray:
    """int64 (N,): equal numbers for equal rows of bits."""
    _, numbers = np.unique(np.packbits(rows, axis=1), axis=0, return_inverse=True)
    return numbers.reshape(-1)


def _equal_pairs(keys: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Rows that have the same key, each pair once, in several parts."""
    order = np.argsort(keys)
    ordered, first = keys[order], np.arange(len(keys))
    for step in range(1, len(keys)):
        first = first[: np.searchsorted(first, len(keys) - step)]
        first = first[ordered[first] == ordered[first + step]]
        if not len(first):
            return
        yield order[first], order[first + step]


def near_any(hashes: Sequence[str], others: Sequence[str], most: int = NEAR_BITS) -> np.ndarray:
    """bool (N,): whether each of `hashes` differs in at most `most` bits from one of `others`."""
    near = np.zeros(len(hashes), dtype=bool)
    for start in range(0, len(hashes) if len(others) else 0, _ROWS):
        rows, words = _words(hashes[start : start + _ROWS]), _words(others)
        differing = np.zeros((len(rows), len(words)), dtype=np.uint16)
        for column in range(words.shape[1]):
            differing += np.bitwise_count(rows[:, None, column] ^ words[None, :, column])
        near[start : start + _ROWS] = differing.min(axis=1) <= most
    return near


def _words(hashes: Sequence[str]) -> np.ndarray:
    """uint64 (N, 4)."""
    return np.frombuffer(bytes.fromhex("".join(hashes)), dtype=np.uint64).reshape(len(hashes), -1)
