"""`radistill serve` as a process, and the application in a thread, for tests of any folder."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from radistill.serve import uvicorn_server


@dataclass
class Server:
    """A running server: its process, where it listens, and what it has said so far."""

    process: subprocess.Popen[str]
    port: int
    lines: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return "".join(self.lines)

    def children(self) -> list[int]:
        """Process ids of the decoding processes."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in children.read_text().split()]


@contextmanager
def serving(bundle: Path, *arguments: object) -> Iterator[Server]:
    """`radistill serve` on a free port. It may not write a single byte to any file."""
    command = [sys.executable, "-m", "radistill", "serve", "--bundle", bundle, "--port", 0]
    process = subprocess.Popen(
        [*map(str, command), *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        preexec_fn=_no_files,
    )
    assert process.stderr is not None
    server = Server(process, 0)
    try:
        for line in process.stderr:
            server.lines.append(line)
            if found := re.search(r"https?://[^/]*:(\d+)/", line):
                server.port = int(found[1])
            if "startup complete" in line:
                break
        else:
            raise AssertionError(server.log)
        reader = threading.Thread(target=lambda: server.lines.extend(process.stderr or ()))
        reader.start()
        _listens(server.port)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(120)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        finally:
            if server.port:
                reader.join(60)
            process.stderr.close()


def _listens(port: int, seconds: float = 120) -> None:
    """Wait until connections are taken, which is a moment after the start is complete."""
    end = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
            return
        except ConnectionRefusedError:
            assert time.monotonic() < end
            time.sleep(0.02)


def _no_files() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


@contextmanager
def listening(app: ASGIApp) -> Iterator[int]:
    """The application behind a real socket, in a thread; yields the port."""
    listener = uvicorn_server.listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn_server.config(app))
    thread = threading.Thread(target=lambda: server.run(sockets=[listener]))
    port: int = listener.getsockname()[1]
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield port
    finally:
        server.should_exit = True
        thread.join(120)
        assert not thread.is_alive()


def connect(port: int) -> socket.socket:
    """A bare connection, for what no HTTP client would send."""
    return socket.create_connection(("127.0.0.1", port), timeout=120)
