"""The cores and memory there are, and work on all of them, with bars where somebody watches."""

import math
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

Item = TypeVar("Item")
Result = TypeVar("Result")

# Messages and bars go to stderr, results to stdout, so that output can be piped.
console = Console(stderr=True, emoji=False)  # ":x:" in a file's name is no emoji
console.soft_wrap = not console.is_terminal  # a message a line, whatever reads them
_AHEAD = 64  # results that may wait; bounds memory whatever the number of items


def bar(*, hidden: bool = False) -> Progress:
    """A progress bar with count and time left, as a context manager.

    Use `progress.track(items, description=..., total=...)` or `add_task` and `advance`.
    """
    return Progress(
        SpinnerColumn(),
        TextColumn("[progress.description]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=hidden or not console.is_terminal,
    )


def each(
    function: Callable[[Item], Result], items: Sequence[Item], description: str
) -> Iterator[Result]:
    """Yield `function(item)` in the order of `items`, computed by a thread a core.

    Threads are enough for films: decoding, resizing and hashing run outside the interpreter lock.
    """
    from concurrent.futures import ThreadPoolExecutor  # not for every start of the command line

    pool = ThreadPoolExecutor(min(32, cores()))
    try:
        with bar() as progress:
            task = progress.add_task(description, total=len(items))
            for start in range(0, len(items), _AHEAD):
                for result in pool.map(function, items[start : start + _AHEAD]):
                    progress.advance(task)
                    yield result
    finally:
        pool.shutdown(cancel_futures=True)


def cores(mounts: Path = Path("/sys/fs/cgroup"), groups: Path = Path("/proc/self/cgroup")) -> int:
    """How many cores this process may use: its cpuset's, and no more than its CPU quota.

    The quota (docker run --cpus=1.5, a limit of Kubernetes) is rounded up. mounts, groups: where
    Linux shows cgroups of versions 1 and 2, and those of this process.
    """
    affine = hasattr(os, "sched_getaffinity")  # not on macOS and Windows
    count = len(os.sched_getaffinity(0)) if affine else os.cpu_count() or 1
    return max(1, min([count, *map(math.ceil, _quotas(mounts, groups))]))


def memory(
    mounts: Path = Path("/sys/fs/cgroup"), groups: Path = Path("/proc/self/cgroup")
) -> int | None:
    """Bytes of memory that this process may use: the machine's, and no more than a container's
    limit. None where the system does not say (Windows)."""
    try:
        count = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
    for folder, first in _cgroups("memory", mounts, groups):
        try:
            name = "memory.limit_in_bytes" if first else "memory.max"
            count = min(count, int((folder / name).read_text()))
        except (OSError, ValueError):  # no limit, "max", is no number
            continue
    return count


def _quotas(mounts: Path, groups: Path) -> Iterator[float]:
    """Cores that each cgroup of this process, or above it, leaves it."""
    for folder, first in _cgroups("cpu", mounts, groups):
        try:
            if first:
                names = ("cpu.cfs_quota_us", "cpu.cfs_period_us")
                quota, period = ((folder / name).read_text() for name in names)
            else:
                quota, period = (folder / "cpu.max").read_text().split()
            if float(quota) > 0:
                yield float(quota) / float(period)
        except (OSError, ValueError):  # no limit, "max", is no number
            continue


def _cgroups(controller: str, mounts: Path, groups: Path) -> Iterator[tuple[Path, bool]]:
    """Folders of this process's cgroups and those above, and whether they are of version 1."""
    try:
        lines = groups.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        mount = mounts / controller if controllers else mounts
        place = mount / path.lstrip("/")  # not there where only the container's own is mounted
        for folder in (place, *place.parents):
            if not folder.is_relative_to(mount):
                break
            yield folder, bool(controllers)
