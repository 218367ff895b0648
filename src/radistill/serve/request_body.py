"""A request's body while it is read: counted, timed, and within a budget shared by all."""

import asyncio
import time

from starlette.datastructures import Headers
from starlette.types import Message, Receive

from radistill.serve.http_refusal import Refusal, busy
from radistill.serve.request_limits import ServeLimits

LINGER_SECONDS = 5.0


class Budget:
    """Bytes of bodies in memory, of all requests together. For one event loop."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.held = 0

    def take(self, count: int) -> None:
        """Raise Refusal (503) if there is no room for so many more."""
        if self.held + count > self._most:
            raise busy("too many uploads at this moment")
        self.held += count

    def give_back(self, count: int) -> None:
        self.held -= count


class Body:
    """Stands in for `receive`; raises Refusal: 413, 408, or 503 where the budget is used up."""

    def __init__(
        self, headers: Headers, receive: Receive, limits: ServeLimits, budget: Budget
    ) -> None:
        self._receive, self._limits, self._budget = receive, limits, budget
        self._started = time.monotonic()
        self.taken = 0
        length = headers.get("content-length", "0")
        self._length = int(length) if length.isdecimal() else 0
        self.complete = not self._length and "transfer-encoding" not in headers
        self._asks_first = "expect" in headers
        self._asked = False

    def check_length(self) -> None:
        """Refuse a body that says it is too large before any of it is read."""
        if self._length > self._limits.max_bytes:
            raise self._too_large()

    async def receive(self) -> Message:
        """The next message."""
        self._asked = True
        if self.complete:
            return await self._receive()
        allowed = self._limits.body_seconds + self.taken / self._limits.body_rate
        left = self._started + allowed - time.monotonic()
        try:
            message = await asyncio.wait_for(self._receive(), max(left, 0.001))
        except TimeoutError:
            raise Refusal(408, "too-slow", "the body came too slowly") from None
        if message["type"] == "http.request":
            count = len(message.get("body", b""))
            if self.taken + count > self._limits.max_bytes:
                raise self._too_large()
            self._budget.take(count)
            self.taken += count
            self.complete = not message.get("more_body", False)
        else:
            self.complete = True
        return message

    async def drain(self) -> None:
        """Read and drop the rest for a while: a client that still sends would not see the answer
        if the connection were closed at once."""
        if self._asks_first and not self._asked:
            return
        try:
            async with asyncio.timeout(LINGER_SECONDS):
                while not self.complete:
                    message = await self._receive()
                    self.complete = not message.get("more_body", False)
        except TimeoutError:
            pass

    def close(self) -> None:
        self._budget.give_back(self.taken)
        self.taken = 0

    def _too_large(self) -> Refusal:
        limit = f"{self._limits.max_bytes / 2**20:.4g} MiB"
        return Refusal(413, "too-large", f"the body is larger than {limit}")
