"""Keep the memory of freed tensors, which training allocates again in the next step."""

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of malloc.h
_LARGE = 1 << 30


def keep_freed_memory() -> bool:
    """Make glibc keep large blocks instead of returning them to the system; whether it does.

    By default each large tensor is a mapping of its own, and a pass over large batches on a CPU
    spends most of its time in page faults. Does nothing elsewhere than under Linux with glibc.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
    if mallopt is None:
        return False
    return bool(mallopt(_MMAP_THRESHOLD, _LARGE)) and bool(mallopt(_TRIM_THRESHOLD, _LARGE))
