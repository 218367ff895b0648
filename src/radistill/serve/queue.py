"""A queue of limited length before a number of threads."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from radistill.serve.http_refusal import busy

T = TypeVar("T")


class HungUp(Exception):
    """The client is gone."""


class Queue:
    """Jobs on `running` threads, and at most `waiting` more in a queue. For one event loop.

    patience: seconds that a job may wait for a thread.
    """

    def __init__(self, running: int, waiting: int, patience: float) -> None:
        self._most = running + waiting
        self._patience = patience
        self._threads = ThreadPoolExecutor(running, "radistill-serve")
        # Who waits does so here: the executor's own queue keeps jobs, and their files, until a
        # thread comes to them, also those that were cancelled.
        self._free = asyncio.Semaphore(running)
        self._jobs = 0

    @property
    def jobs(self) -> int:
        """Running and waiting."""
        return self._jobs

    def check(self) -> None:
        """Raise Refusal (503) if it is full: worth asking before a body is read."""
        if self._jobs >= self._most:
            raise busy("too many requests are waiting")

    async def run(
        self, job: Callable[[threading.Event], T], hang_up: Callable[[], Awaitable[Any]]
    ) -> T:
        """The result of `job`. The event that it gets is set once nobody waits for the result.

        hang_up: returns when the client is gone.
        Raises Refusal (503) if the queue is full or no thread is free in time, and HungUp, once
        the job has stopped: until then its files are in memory and count.
        """
        self.check()
        self._jobs += 1
        stop = threading.Event()
        watch = asyncio.ensure_future(hang_up())
        turn = asyncio.ensure_future(self._free.acquire())
        try:
            await asyncio.wait(
                {turn, watch}, timeout=self._patience, return_when=asyncio.FIRST_COMPLETED
            )
            if watch.done():
                raise HungUp
            if not turn.done():
                raise busy("the request waited too long")
            result = asyncio.wrap_future(self._threads.submit(job, stop))
            await asyncio.wait({result, watch}, return_when=asyncio.FIRST_COMPLETED)
            if result.done():
                return result.result()
            stop.set()
            await asyncio.gather(result, return_exceptions=True)
            raise HungUp
        finally:
            stop.set()
            watch.cancel()
            if turn.done():
                self._free.release()
            else:
                turn.cancel()
            self._jobs -= 1

    def close(self) -> None:
        """Wait for the jobs that run, and take no more."""
        self._threads.shutdown(cancel_futures=True)
