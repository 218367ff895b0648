"""Keep the memory of freed tensors, which training asks for again in the next step."""

from __future__ import annotations

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of malloc.h
_LARGE = 1 << 30


def keep_freed_memory() -> bool:
    """Tell glibc not to give large blocks back to the system; whether it was told.

    By default each large tensor is a mapping of its own, and a pass over large batches on a CPU
    spends most of its time in page faults. Does nothing elsewhere than under Linux with glibc.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
    if mallopt is None:
        return False
    return bool(mallopt(_MMAP_THRESHOLD, _LARGE)) and bool(mallopt(_TRIM_THRESHOLD, _LARGE))
