"""Random numbers that follow from a key and their place in its sequence alone.

A generator with a counter instead of a state: number i of a key is the output function of
SplitMix64 (Steele, Lea and Flood 2014) at the key plus i steps. So the numbers of any images can be
had at once, in any order, and are the same on every device.
"""

import hashlib
import math
from collections.abc import Sequence

import torch

_NOISE = 1 << 32  # the first number of `normal`, beyond those of `uniform`


def _signed(bits: int) -> int:
    return bits - (1 << 64) if bits >> 63 else bits


_STEP = _signed(0x9E3779B97F4A7C15)
_FIRST, _SECOND = _signed(0xBF58476D1CE4E5B9), _signed(0x94D049BB133111EB)


def content_keys(names: Sequence[str]) -> torch.Tensor:
    """int64 (N,): 64 bits that stand for each name."""
    return torch.tensor([_hash(name) for name in names], dtype=torch.int64)


def salted(keys: torch.Tensor, salt: str) -> torch.Tensor:
    """Other keys (N,) for another purpose, such as another view."""
    return _mixed(keys ^ _hash(salt))


def uniform(keys: torch.Tensor, count: int) -> torch.Tensor:
    """float32 (N, count) in [0, 1)."""
    return (_bits(keys, 0, count) >> 40 & 0xFFFFFF).float() * 2.0**-24


def normal(keys: torch.Tensor, count: int) -> torch.Tensor:
    """float32 (N, count), mean 0 and variance 1: sums of four uniform numbers, up to 3.46.

    Sums of integers, so that a GPU has the very numbers of a CPU.
    """
    bits = _bits(keys, _NOISE, count)
    pairs = (bits & 0x0000FFFF0000FFFF).add_(bits.bitwise_right_shift_(16) & 0x0000FFFF0000FFFF)
    sums = (pairs & 0xFFFFFFFF) + (pairs >> 32)
    return (sums.float() - 2 * 0xFFFF) * (math.sqrt(3) / 0x10000)


def _hash(text: str) -> int:
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)


def _bits(keys: torch.Tensor, first: int, count: int) -> torch.Tensor:
    """int64 (N, count): the numbers `first`, `first` + 1, ... of each key; overflow is meant."""
    places = torch.arange(first + 1, first + 1 + count, device=keys.device)
    return _mixed(keys.unsqueeze(1) + places * _STEP)


def _mixed(bits: torch.Tensor) -> torch.Tensor:
    """The output function; shifts are made logical by masks, for int64 is signed."""
    bits = bits.bitwise_xor_((bits >> 30) & (1 << 34) - 1).mul_(_FIRST)
    bits = bits.bitwise_xor_((bits >> 27) & (1 << 37) - 1).mul_(_SECOND)
    return bits.bitwise_xor_((bits >> 31) & (1 << 33) - 1)
