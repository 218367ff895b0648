"""A perceptual hash of 256 bits, and the films that share nearly all of it."""

from __future__ import annotations

from collections.abc import Sequence

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
    words = np.array([np.frombuffer(bytes.fromhex(text), dtype=np.uint64) for text in hashes])
    pairs = []
    for start in range(0, len(words), _ROWS):
        rows = words[start : start + _ROWS]
        distance = np.zeros((len(rows), len(words)), dtype=np.uint16)
        for column in range(words.shape[1]):
            distance += np.bitwise_count(rows[:, None, column] ^ words[None, :, column])
        pairs += [
            (start + int(row), int(other), int(distance[row, other]))
            for row, other in np.argwhere(distance <= most)
            if start + row < other
        ]
    return sorted(pairs, key=lambda pair: (pair[2], pair[0], pair[1]))
