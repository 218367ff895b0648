"""uvicorn's HTTP/1.1, with clocks for clients that never finish what they began."""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEADER_SECONDS = 10.0  # from the first byte, or the connection, to the end of the headers
READ_SECONDS = 60.0  # for a client to take what was written
MOST_CONNECTIONS = 512


class Http(H11Protocol):
    """Ends connections whose headers do not come, or whose client does not read.

    uvicorn has a clock for connections that are idle between requests only. Bodies are timed by
    `radistill.serve.body`.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._header_clock: asyncio.TimerHandle | None = None
        self._read_clock: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        if len(self.connections) >= MOST_CONNECTIONS:
            transport.abort()
            return
        super().connection_made(transport)
        self._watch_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        if self.transport is None:  # refused at once
            return
        super().connection_lost(exc)
        self._header_clock = _stop(self._header_clock)
        self._read_clock = _stop(self._read_clock)

    def data_received(self, data: bytes) -> None:
        if self.transport is None:
            return
        super().data_received(data)
        self._watch_headers()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._read_clock = self.loop.call_later(READ_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._read_clock = _stop(self._read_clock)

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self._end_for_good()

    def shutdown(self) -> None:
        super().shutdown()
        if self.transport.is_closing():
            self._end_for_good()

    def _end_for_good(self) -> None:
        """A closed transport waits for ever for its client to take what was written."""
        if self._read_clock is None:
            self._read_clock = self.loop.call_later(READ_SECONDS, self.transport.abort)

    def _watch_headers(self) -> None:
        if self.conn.their_state is not h11.IDLE or self.timeout_keep_alive_task is not None:
            self._header_clock = _stop(self._header_clock)
        elif self._header_clock is None:
            self._header_clock = self.loop.call_later(HEADER_SECONDS, self.transport.abort)


def _stop(clock: asyncio.TimerHandle | None) -> None:
    if clock is not None:
        clock.cancel()
