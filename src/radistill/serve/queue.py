"""So many jobs at a time, so many waiting, and no more."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from radistill.serve.http_refusal import busy

T = TypeVar("T")


class HungUp(Exception):
    """The client is gone; there is nobody to answer."""


class Queue:
    """Jobs on `running` threads with `waiting` places before them; first come, first served.

    patience: seconds that a job may wait for a thread.
    """

    def __init__(self, running: int, waiting: int, patience: float) -> None:
        self._most = running + waiting
        self._patience = patience
        self._threads = ThreadPoolExecutor(running, "radistill-serve")
        self._lock = threading.Lock()
        self._jobs = 0

    @property
    def jobs(self) -> int:
        """Running and waiting."""
        return self._jobs

    def check(self) -> None:
        """Raise Refusal (503) if there is no place: before a body is read in vain."""
        if self._jobs >= self._most:
            raise busy("too many requests wait already")

    async def run(
        self, job: Callable[[threading.Event], T], hang_up: Callable[[], Awaitable[Any]]
    ) -> T:
        """What `job` returns. Its event is set when nobody waits for it any more.

        hang_up: returns when the client is gone.
        Raises Refusal (503) if there is no place or no thread in time, and HungUp.
        """
        stop = threading.Event()
        future = self._submit(job, stop)
        result = asyncio.wrap_future(future)
        watch = asyncio.ensure_future(hang_up())
        try:
            await asyncio.wait(
                {result, watch}, timeout=self._patience, return_when=asyncio.FIRST_COMPLETED
            )
            if not (result.done() or watch.done()):
                if future.cancel():
                    raise busy("it waited too long for its turn")
                await asyncio.wait({result, watch}, return_when=asyncio.FIRST_COMPLETED)
            if result.done():
                return result.result()
            raise HungUp
        finally:
            stop.set()
            watch.cancel()
            future.cancel()

    def close(self) -> None:
        """Wait for what runs, and take no more."""
        self._threads.shutdown(cancel_futures=True)

    def _submit(self, job: Callable[[threading.Event], T], stop: threading.Event) -> Future[T]:
        with self._lock:
            self.check()
            self._jobs += 1
        future = self._threads.submit(job, stop)
        future.add_done_callback(self._leave)
        return future

    def _leave(self, _: object) -> None:
        with self._lock:
            self._jobs -= 1
