"""Work on many films with every core, in order, with a bar, and little memory."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from radistill import progress

Item = TypeVar("Item")
Result = TypeVar("Result")

_CHUNK = 64  # results that may wait; bounds memory whatever the number of films


def each(
    function: Callable[[Item], Result], items: Sequence[Item], description: str
) -> Iterator[Result]:
    """Yield `function(item)` in the order of `items`.

    Threads are enough: decoding, resizing and hashing run outside the interpreter lock.
    """
    threads = min(32, os.cpu_count() or 1)
    with ThreadPoolExecutor(threads) as pool, progress.bar() as bar:
        task = bar.add_task(description, total=len(items))
        for start in range(0, len(items), _CHUNK):
            for result in pool.map(function, items[start : start + _CHUNK]):
                bar.advance(task)
                yield result
