"""A queue of limited length before a number of threads."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from radistill.serve.http_refusal import busy

T = TypeVar("T")


class HungUp(Exception):
    """The client is gone."""


class Queue:
    """Jobs on `running` threads, and at most `waiting` more in a queue.

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
        """Raise Refusal (503) if it is full: worth asking before a body is read."""
        if self._jobs >= self._most:
            raise busy("too many requests are waiting")

    async def run(
        self, job: Callable[[threading.Event], T], hang_up: Callable[[], Awaitable[Any]]
    ) -> T:
        """The result of `job`. The event that it gets is set once nobody waits for the result.

        hang_up: returns when the client is gone.
        Raises Refusal (503) if the queue is full or no thread is free in time, and HungUp.
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
                    raise busy("the request waited too long")
                await asyncio.wait({result, watch}, return_when=asyncio.FIRST_COMPLETED)
            if result.done():
                return result.result()
            raise HungUp
        finally:
            stop.set()
            watch.cancel()
            future.cancel()

    def close(self) -> None:
        """Wait for the jobs that run, and take no more."""
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
