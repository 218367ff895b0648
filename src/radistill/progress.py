"""Progress bars that look alike, and are silent where nobody watches."""

import os
from collections.abc import Callable, Iterator, Sequence
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
_AHEAD = 64  # results that may wait; bounds memory whatever the number of items


def bar() -> Progress:
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
        disable=not console.is_terminal,
    )


def each(
    function: Callable[[Item], Result], items: Sequence[Item], description: str
) -> Iterator[Result]:
    """Yield `function(item)` in the order of `items`, computed by a thread a core.

    Threads are enough for films: decoding, resizing and hashing run outside the interpreter lock.
    """
    from concurrent.futures import ThreadPoolExecutor  # not for every start of the command line

    pool = ThreadPoolExecutor(min(32, os.cpu_count() or 1))
    try:
        with bar() as progress:
            task = progress.add_task(description, total=len(items))
            for start in range(0, len(items), _AHEAD):
                for result in pool.map(function, items[start : start + _AHEAD]):
                    progress.advance(task)
                    yield result
    finally:
        pool.shutdown(cancel_futures=True)
