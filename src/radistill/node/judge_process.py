"""The process that judges and answers films, as the node sees it: started, woken, watched.

It works on the same spool. So listening and delivering go on while it computes, and a fault that
ends it ends nothing else. It has the spool's lock, too: no other node starts before it has ended.
"""

from __future__ import annotations

import ctypes
import json
import logging
import os
import subprocess
import sys
import threading
from contextlib import suppress
from typing import IO

from radistill.errors import RadistillError, UsageError
from radistill.node.jobs import JobStore
from radistill.node.node_config import NodeConfig
from radistill.schema.prediction import ModelIdentity

log = logging.getLogger("radistill.node")
_END_SECONDS = 60.0  # for the film at hand
_LONGEST_PAUSE = 60.0
STOP = b"stop\n"
_MMAP_THRESHOLD, _ARENA_MAX = -3, -8  # of malloc.h


def bound_memory() -> None:
    """Let glibc return the memory of films: its heaps for each thread would keep most of it."""
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_ARENA_MAX, 2)
        mallopt(_MMAP_THRESHOLD, 1 << 22)


class JudgeProcess:
    """`radistill.node.judge` as a process. lock: the file descriptor of the spool's lock.

    It gets the settings on standard input, and then a line whenever there may be work, at last
    `STOP`; if the input ends without, it ends at once. It says which model answers, at first and
    when it changes, and else an empty line whenever a job has moved.
    """

    def __init__(self, config: NodeConfig, store: JobStore, lock: int) -> None:
        self._config, self._store, self._lock = config, store, lock
        self._process: subprocess.Popen[bytes] | None = None
        self.model: ModelIdentity

    def start(self) -> None:
        """Return when it has its model. Raises UsageError if there is none."""
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "radistill.node.judge"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=[self._lock],
            start_new_session=True,  # Ctrl-C is for the parent alone
        )
        asking, answers = _pipes(self._process)
        with suppress(BrokenPipeError):
            asking.write(self._config.model_dump_json().encode() + b"\n")
            asking.flush()
        os.set_blocking(asking.fileno(), False)
        first = answers.readline()
        if not first:
            raise RadistillError("the process that answers films does not start")
        self._take(first)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def wake(self) -> None:
        """There may be something to do. For any thread; never waits."""
        if self._process is not None:
            with suppress(OSError, ValueError):  # full: it will look anyway; or it has ended
                os.write(_pipes(self._process)[0].fileno(), b"\n")

    def run(self, stop: threading.Event) -> None:
        """Follow it until `end`, and start it again if it ends before `stop`."""
        pause = 0.0
        while True:
            assert self._process is not None
            for line in _pipes(self._process)[1]:
                self._take(line)
                pause = 0.0
            status = self._process.wait()
            if stop.wait(pause):
                return
            log.error("the process that answers films ended (%d), and starts again", status)
            pause = min(_LONGEST_PAUSE, 2 * pause + 1)
            try:
                self.start()
            except RadistillError as error:
                log.error("%s", error)
            if stop.is_set():
                self.end()

    def end(self) -> None:
        """Let it finish the film at hand; to be called after `stop` is set."""
        if self._process is None:
            return
        with suppress(OSError, ValueError):
            os.write(_pipes(self._process)[0].fileno(), STOP)
            _pipes(self._process)[0].close()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def _take(self, line: bytes) -> None:
        if line.strip():
            said = json.loads(line)
            if "error" in said:
                raise UsageError(said["error"])
            self.model = ModelIdentity(**said)
        self._store.wake()


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    assert process.stdin is not None
    assert process.stdout is not None
    return process.stdin, process.stdout
