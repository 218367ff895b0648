"""Bodies as they come: counted, timed, and held to one budget."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest
from starlette.datastructures import Headers
from starlette.types import Message

from radistill.serve.http_refusal import Refusal
from radistill.serve.request_body import Body, Budget
from radistill.serve.request_limits import ServeLimits

CHUNKED = {"transfer-encoding": "chunked"}


def body_of(
    chunks: Iterable[bytes], headers: dict[str, str], budget: Budget | None = None, **limits: Any
) -> Body:
    """A body that sends these chunks and then nothing more."""
    left = list(chunks)

    async def receive() -> Message:
        if not left:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    given = ServeLimits(**limits)
    return Body(Headers(headers), receive, given, budget or Budget(given.budget))


async def all_of(body: Body) -> bytes:
    received = b""
    while not body.complete:
        received += (await body.receive())["body"]
    return received


def test_up_to_the_cap_a_body_comes_through() -> None:
    body = body_of([b"ab", b"cd"], CHUNKED, max_bytes=4)
    assert asyncio.run(all_of(body)) == b"abcd"
    assert body.taken == 4


def test_a_chunked_body_is_cut_at_the_cap() -> None:
    body = body_of([b"ab", b"cd", b"e", b"f"], CHUNKED, max_bytes=4)
    with pytest.raises(Refusal) as refused:
        asyncio.run(all_of(body))
    assert refused.value.status_code == 413
    assert body.taken == 4


@pytest.mark.parametrize("length", ["5", "99999999999999999999999"])
def test_a_body_that_says_it_is_too_large_is_not_read(length: str) -> None:
    body = body_of([], {"content-length": length}, max_bytes=4)
    with pytest.raises(Refusal) as refused:
        body.check_length()
    assert refused.value.status_code == 413


def test_a_body_that_stalls_is_given_up() -> None:
    body = body_of([b"a", b"b"], {"content-length": "9"}, body_seconds=0.05, body_rate=100)

    async def stalled() -> None:
        await body.receive()
        await body.receive()
        body.complete = False
        await body.receive()

    with pytest.raises(Refusal) as refused:
        asyncio.run(stalled())
    assert refused.value.status_code == 408


def test_all_bodies_share_a_budget_and_give_it_back() -> None:
    budget = Budget(5)
    first = body_of([b"abc"], CHUNKED, budget)
    second = body_of([b"abc"], CHUNKED, budget)
    asyncio.run(all_of(first))
    with pytest.raises(Refusal) as refused:
        asyncio.run(all_of(second))
    assert refused.value.status_code == 503
    assert "Retry-After" in (refused.value.headers or {})
    second.close()
    first.close()
    first.close()
    assert budget.held == 0


def test_the_rest_of_a_refused_body_is_thrown_away_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("radistill.serve.request_body.LINGER_SECONDS", 0.05)
    body = body_of([b"a"] * 100, CHUNKED, max_bytes=1)
    asyncio.run(body.drain())
    assert body.complete
    stalled = body_of([], CHUNKED)
    asyncio.run(stalled.drain())
    assert not stalled.complete
