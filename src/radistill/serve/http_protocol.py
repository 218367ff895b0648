"""uvicorn's HTTP/1.1 with time limits for clients that stop in the middle."""

import asyncio
from collections.abc import Callable
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEADER_SECONDS = 10.0  # from the connection, or the first byte of a request, to its headers' end
READ_SECONDS = 60.0  # for a client to take what was written
MOST_CONNECTIONS = 512


class TimedProtocol(H11Protocol):
    """Ends connections whose headers do not come, or whose client does not read.

    uvicorn limits only the time between requests. Bodies: see `radistill.serve.request_body`.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._headers_due = _Timer(self.loop)
        self._read_due = _Timer(self.loop)
        self._turned_away = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        if len(self.connections) >= MOST_CONNECTIONS:
            self._turned_away = True
            transport.abort()
            return
        super().connection_made(transport)
        self._watch_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        self._headers_due.stop()
        self._read_due.stop()
        if not self._turned_away:
            super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch_headers()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._read_due.start(READ_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if not self.transport.is_closing():
            self._read_due.stop()

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self._close_in_time()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            self._close_in_time()

    def _close_in_time(self) -> None:
        """A closing transport waits without limit for its client to read."""
        self._read_due.start(READ_SECONDS, self.transport.abort)

    def _watch_headers(self) -> None:
        waiting = self.conn.their_state is h11.IDLE and self.timeout_keep_alive_task is None
        if waiting:
            self._headers_due.start(HEADER_SECONDS, self.transport.abort)
        else:
            self._headers_due.stop()


class _Timer:
    """One timeout; a second start does not move it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._handle: asyncio.TimerHandle | None = None

    def start(self, seconds: float, action: Callable[[], object]) -> None:
        if self._handle is None:
            self._handle = self._loop.call_later(seconds, action)

    def stop(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
