"""Whether another process has had its time."""

import os
import time
from contextlib import suppress
from pathlib import Path


class Clock:
    """Counts the CPU time of process `pid`, so that it may wait for a busy machine.

    still: seconds that it may stand still, without using CPU; most: of CPU. Where the system does
    not tell (other than Linux) `still` is all the time it has.
    """

    def __init__(self, pid: int, *, still: float, most: float) -> None:
        self._pid, self._still, self._most = pid, still, most
        self._moved = time.monotonic()
        self._began: float | None = None
        self._used = 0.0

    def is_over(self) -> bool:
        """To be asked now and then: what happens in between is seen at the next time."""
        now, used = time.monotonic(), _cpu_seconds(self._pid)
        if used is not None:
            if self._began is None:
                self._began = used
            if used > self._used:
                self._used, self._moved = used, now
        spent = self._used - (self._began or 0.0)
        return now - self._moved > self._still or spent > self._most


def _cpu_seconds(pid: int) -> float | None:
    with suppress(OSError, ValueError, IndexError):
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return None
