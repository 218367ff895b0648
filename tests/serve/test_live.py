"""Clients that are slow, greedy or gone, over real connections."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx2 as httpx
import pytest

from radistill.serve import http_protocol, request_body
from radistill.serve.app import create_app

from ..servers import connect, listening
from .conftest import service

URL = "/v1/predictions"
HEAD = b"POST /v1/predictions HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n%s\r\n\r\n"


def answer_to(port: int, *sent: bytes, wait: float = 0.0) -> bytes:
    """All that comes back until the server closes, be it before all is sent."""
    with connect(port) as connection:
        with suppress(BrokenPipeError, ConnectionResetError):
            for part in sent:
                connection.sendall(part)
                time.sleep(wait)
        return rest_of(connection)


def rest_of(connection: socket.socket) -> bytes:
    received = b""
    with suppress(ConnectionResetError):
        while part := connection.recv(65536):
            received += part
    return received


@pytest.fixture(scope="module")
def port(bundle: Path) -> Iterator[int]:
    patched = pytest.MonkeyPatch()
    patched.setattr(http_protocol, "HEADER_SECONDS", 0.5)
    patched.setattr(request_body, "LINGER_SECONDS", 0.5)
    limits = {"body_seconds": 0.5, "body_rate": 2**20, "max_bytes": 2**20}
    with listening(create_app(service(bundle, **limits))) as found:
        yield found
    patched.undo()


def test_headers_that_do_not_come_are_given_up(port: int) -> None:
    start = time.monotonic()
    assert answer_to(port) == b""
    assert answer_to(port, *[b"G"] * 3, wait=0.1) == b""
    begun = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
    assert answer_to(port, begun) == b""
    answered = answer_to(port, begun + b"\r\n", b"GET /he", wait=0.1)
    assert answered.startswith(b"HTTP/1.1 200")
    assert answered.count(b"HTTP/1.1") == 1
    assert 1.5 < time.monotonic() - start < 30  # it would be four times ten seconds


def test_a_body_that_trickles_is_given_up(port: int) -> None:
    slow = answer_to(port, HEAD % b"Content-Length: 100", *[b"a"] * 4, wait=0.15)
    assert slow.startswith(b"HTTP/1.1 408")
    assert b'"too-slow"' in slow
    assert b"connection: close" in slow.lower()


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_of_a_gigabyte_is_refused_early(port: int, chunked: bool) -> None:
    """Most of it is never sent."""
    sent, part = 0, bytes(2**16)
    length = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: 1073741824"
    with connect(port) as connection:
        connection.sendall(HEAD % length)
        answered = b""
        while not answered and sent < 2**30:
            connection.settimeout(60)
            connection.sendall(b"10000\r\n%s\r\n" % part if chunked else part)
            sent += len(part)
            connection.settimeout(0.0005)
            try:
                answered = connection.recv(65536)
            except TimeoutError:
                continue
        connection.settimeout(60)
        answered += rest_of(connection)
    assert answered.startswith(b"HTTP/1.1 413")
    assert b'"code": "too-large"' in answered
    assert sent <= (64 * 2**20 if chunked else 2**23)


def test_a_client_that_only_sends_still_sees_why(port: int, films: Path) -> None:
    """httpx sends the whole body before it reads."""
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        response = client.post(URL, content=bytes(5 * 2**20), headers={"Content-Type": "image/png"})
        assert response.status_code == 413
        film = (films / "film 1.png").read_bytes()
        assert client.post(URL, files={"files": film}).status_code == 200


def test_a_client_that_asks_first_sends_nothing(port: int) -> None:
    expecting = HEAD % b"Expect: 100-continue\r\nContent-Length: 9999999"
    assert answer_to(port, expecting).startswith(b"HTTP/1.1 413")


def test_a_client_that_hangs_up_costs_nothing(port: int, films: Path) -> None:
    film = (films / "film 1.png").read_bytes()
    for cut in (10, len(film)):
        for _ in range(10):
            with connect(port) as connection:
                connection.sendall(HEAD % b"Content-Length: %d" % len(film) + film[:cut])
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        assert client.post(URL, files={"files": film}).status_code == 200
        deadline = time.monotonic() + 60
        while "radistill_jobs 0.0" not in client.get("/metrics").text:
            assert time.monotonic() < deadline
        assert "radistill_body_bytes 0.0" in client.get("/metrics").text


@pytest.mark.parametrize(
    "junk",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS
        b"GET / HTTP/1.1\r\n\r\n",  # no Host
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 1_000_000 + b"\r\n\r\n",
        HEAD % b"Content-Length: -1",
        HEAD % b"Content-Length: 1\r\nContent-Length: 2",
        HEAD % b"Transfer-Encoding: chunked" + b"zz\r\n",
    ],
)
def test_what_is_no_http_is_refused(port: int, junk: bytes) -> None:
    answered = answer_to(port, junk)
    assert answered == b"" or b" 400 " in answered.partition(b"\r\n")[0]


def test_clients_that_do_not_read_are_given_up(
    bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "READ_SECONDS", 0.3)
    with listening(create_app(service(bundle))) as port, connect(port) as connection:
        connection.settimeout(60)
        with pytest.raises(OSError, match=r"reset|[Bb]roken"):
            ask_for_ever(connection)


def ask_for_ever(connection: socket.socket) -> None:
    """Pipelined, and never an answer read."""
    while True:
        connection.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 100)


def answers(port: int) -> bool:
    with suppress(httpx.TransportError):
        return httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200
    return False


def test_too_many_connections_are_turned_away(
    bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "MOST_CONNECTIONS", 3)
    with listening(create_app(service(bundle))) as port:
        held = [connect(port) for _ in range(3)]
        for connection in held:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert connection.recv(1)  # it is counted by now
        with pytest.raises(httpx.TransportError):
            httpx.get(f"http://127.0.0.1:{port}/healthz")
        for connection in held:
            connection.close()
        while not answers(port):
            time.sleep(0.02)
