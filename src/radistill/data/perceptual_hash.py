"""A perceptual hash of 256 bits, and the films that share nearly all of it."""

from collections.abc import Iterator, Sequence

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
    """Pairs (i, j, differing bits) with i < j that differ in at most `most` bits, nearest first."""
    if len(hashes) < 2:
        return []
    words = _words(hashes)
    pairs = [
        (row, int(other), int(bits[other]))
        for row, bits in _differing_bits(words, words)
        for other in np.flatnonzero(bits <= most)
        if row < other
    ]
    return sorted(pairs, key=lambda pair: (pair[2], pair[0], pair[1]))


def near_any(hashes: Sequence[str], others: Sequence[str], most: int = NEAR_BITS) -> np.ndarray:
    """bool (N,): whether each of `hashes` differs in at most `most` bits from one of `others`."""
    near = np.zeros(len(hashes), dtype=bool)
    if len(hashes) and len(others):
        for row, bits in _differing_bits(_words(hashes), _words(others)):
            near[row] = bits.min() <= most
    return near


def _words(hashes: Sequence[str]) -> np.ndarray:
    """uint64 (N, 4)."""
    return np.frombuffer(bytes.fromhex("".join(hashes)), dtype=np.uint64).reshape(len(hashes), -1)


def _differing_bits(words: np.ndarray, others: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """For each row of `words` its number and the bits in which it differs from each of `others`."""
    for start in range(0, len(words), _ROWS):
        rows = words[start : start + _ROWS]
        distance = np.zeros((len(rows), len(others)), dtype=np.uint16)
        for column in range(words.shape[1]):
            distance += np.bitwise_count(rows[:, None, column] ^ others[None, :, column])
        yield from enumerate(distance, start)
