"""So many jobs at a time, so many waiting, and an honest no to the rest."""

from __future__ import annotations

import asyncio
import threading
import weakref
from typing import Any

import pytest

from radistill.serve.http_refusal import Refusal
from radistill.serve.queue import HungUp, Queue


async def never() -> None:
    await asyncio.Event().wait()


def test_a_full_queue_says_when_to_come_again() -> None:
    queue = Queue(running=1, waiting=2, patience=10)
    go = threading.Event()

    async def scene() -> tuple[list[Any], int]:
        jobs = [
            asyncio.ensure_future(queue.run(lambda _, n=n: (go.wait(), n)[1], never))
            for n in range(6)
        ]
        await asyncio.sleep(0.05)
        most = queue.jobs
        go.set()
        return await asyncio.gather(*jobs, return_exceptions=True), most

    results, most = asyncio.run(scene())
    assert results[:3] == [0, 1, 2]
    assert most == 3
    for refusal in results[3:]:
        assert isinstance(refusal, Refusal)
        assert refusal.status_code == 503
        assert int(dict(refusal.headers or {})["Retry-After"]) > 0
    assert queue.jobs == 0
    queue.close()


def test_who_waits_too_long_is_told_so_and_never_run() -> None:
    queue = Queue(running=1, waiting=2, patience=0.05)
    go, ran = threading.Event(), []

    async def scene() -> list[Any]:
        first = asyncio.ensure_future(queue.run(lambda _: go.wait(), never))
        second = asyncio.ensure_future(queue.run(ran.append, never))
        await asyncio.wait({second})
        go.set()  # the first is running: its patience is over, but it is not thrown away
        return await asyncio.gather(first, second, return_exceptions=True)

    first, second = asyncio.run(scene())
    assert first is True
    assert isinstance(second, Refusal)
    assert second.status_code == 503
    queue.close()
    assert not ran
    assert queue.jobs == 0


def test_a_client_that_hangs_up_stops_its_job() -> None:
    queue = Queue(running=1, waiting=1, patience=10)
    stopped = threading.Event()

    def job(stop: threading.Event) -> None:
        assert stop.wait(10)
        stopped.set()

    async def scene() -> None:
        gone = asyncio.Event()
        asyncio.get_running_loop().call_later(0.05, gone.set)
        with pytest.raises(HungUp):
            await queue.run(job, gone.wait)

    asyncio.run(scene())
    queue.close()
    assert stopped.is_set()
    assert queue.jobs == 0


def test_errors_of_a_job_come_through_and_free_its_place() -> None:
    queue = Queue(running=1, waiting=0, patience=10)

    def fail(_: object) -> None:
        raise ValueError("words")

    for _ in range(3):
        with pytest.raises(ValueError, match="words"):
            asyncio.run(queue.run(fail, never))
    queue.close()


class Upload(bytearray):
    """Bytes that can be watched."""


@pytest.mark.parametrize("running", [False, True], ids=["waiting", "running"])
def test_the_files_of_who_hangs_up_are_let_go(running) -> None:
    """Once `run` has ended, which gives the budget back, and not when a thread is free again."""
    queue = Queue(running=2, waiting=9, patience=10)
    go = threading.Event()
    watched: list[weakref.ref[Upload]] = []

    async def client() -> None:
        upload = Upload(100)
        watched.append(weakref.ref(upload))
        gone = asyncio.Event()
        asyncio.get_running_loop().call_later(0.05, gone.set)
        with pytest.raises(HungUp):
            await queue.run(lambda stop: (stop.wait(10), len(upload)), gone.wait)

    async def scene() -> list[Upload | None]:
        busy = [queue.run(lambda _: go.wait(10), never) for _ in range(1 if running else 2)]
        others = asyncio.gather(*busy)
        await asyncio.sleep(0.02)
        await asyncio.gather(*(client() for _ in range(3)))
        await asyncio.sleep(0.05)  # a thread lets go of its job just after its result is there
        left, jobs = [upload() for upload in watched], queue.jobs
        go.set()
        await others
        assert jobs == len(busy)
        return left

    assert asyncio.run(scene()) == [None] * 3
    queue.close()
    assert queue.jobs == 0
