"""A decoding process as its parent sees it: started when needed, killed when late."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO, cast

from radistill.errors import RadistillError
from radistill.imaging.limits import Limits
from radistill.imaging.refusal import Code, DecodeError
from radistill.imaging.sandbox.clock import Clock
from radistill.imaging.sandbox.decoded import Answer
from radistill.imaging.sandbox.wire import BrokenFrame, read_frame, write_frame

_START_SECONDS = 60.0
_PIPE_BYTES = 1 << 20  # Linux gives 64 KiB, and a film would wake both sides forty times
_BUFFER_BYTES = 1 << 16  # many small films at a time


class Child:
    """One process that decodes one file at a time. `ask` is for one thread, the rest for any."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._process: subprocess.Popen[bytes] | None = None
        self._ready = False
        self._lock = threading.Lock()  # guards the three below
        self._clock: Clock | None = None
        self._late = False
        self._closed = False

    def launch(self) -> None:
        """Start the process if none runs, without waiting for it."""
        if self._process is not None and self._process.poll() is None:
            return
        self._end()
        command = [sys.executable, "-P", "-m", "radistill.imaging.sandbox.worker"]
        with self._lock:
            if self._closed:
                raise RadistillError("the intake is closed")
            self._process = subprocess.Popen(
                [*command, json.dumps(asdict(self._limits))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=_BUFFER_BYTES,
                env=_environment(),
                start_new_session=True,  # Ctrl-C is for the parent alone
            )
        _widen(self._process)

    def ask(
        self, head: Mapping[str, Any], body: bytes, *, files: int, largest: int
    ) -> Iterator[Answer]:
        """A request for so many files to their answers; see `radistill.imaging.sandbox.worker`.

        largest: bytes that the body of an answer may have. Raises DecodeError (timeout, crashed) in
        place of an answer if the process ends over a file, and RadistillError if none can be
        started at all. A process whose answers are not all taken is ended.
        """
        requests, answers = self._make_ready()
        taken = 0
        try:
            self._start_clock()
            write_frame(requests, head, body)
            requests.flush()
            while taken < files:
                answer = read_frame(answers, largest)
                self._start_clock()
                yield answer
                taken += 1
        except (OSError, EOFError, BrokenFrame):
            raise self._explain() from None
        finally:
            if self._stop_clock() or taken < files:
                self._end()

    def kill_if_late(self) -> None:
        """Kill the process if its time for the present file is over."""
        with self._lock:
            if self._clock is not None and self._clock.is_over():
                self._clock, self._late = None, True
                if self._process is not None:
                    self._process.kill()

    def close(self) -> None:
        """End the process, and start none again."""
        with self._lock:
            self._closed = True
        self._end()

    def _make_ready(self) -> tuple[BinaryIO, BinaryIO]:
        """The streams of a process that has started: for requests, and of its answers."""
        self.launch()
        assert self._process is not None
        streams = cast(tuple[BinaryIO, BinaryIO], (self._process.stdin, self._process.stdout))
        if self._ready:
            return streams
        try:
            self._start_clock(_START_SECONDS)
            read_frame(streams[1], 0)
        except (OSError, EOFError, BrokenFrame):
            raise RadistillError(
                "the decoding process cannot start; see its message above, if any. "
                "Try: python -c 'import radistill.imaging.sandbox.worker'"
            ) from None
        finally:
            self._stop_clock()
        self._ready = True
        return streams

    def _start_clock(self, still: float | None = None) -> None:
        most = self._limits.cpu_seconds(self._limits.max_pixels)
        with self._lock:
            if self._process is not None:
                pid, still = self._process.pid, still or self._limits.seconds
                self._clock, self._late = Clock(pid, still=still, most=most), False

    def _stop_clock(self) -> bool:
        """Whether the process was killed before."""
        with self._lock:
            self._clock = None
            return self._late

    def _explain(self) -> DecodeError:
        """Why the process ended; kills it if it has not."""
        status = self._end()
        ended_itself = -status == getattr(signal, "SIGPROF", None)  # by its own limit
        if self._stop_clock() or ended_itself:
            limit = f"{self._limits.seconds:g} s"
            return DecodeError(Code.TIMEOUT, f"decoding took more than {limit} and was stopped")
        what = f"signal {signal.Signals(-status).name}" if status < 0 else f"status {status}"
        return DecodeError(Code.CRASHED, f"decoding ended its process ({what}); the file is bad")

    def _end(self) -> int:
        """Kill what runs; its exit status, 0 if nothing did."""
        with self._lock:
            process, self._process, self._ready = self._process, None, False
        if process is None:
            return 0
        process.kill()
        for stream in (process.stdin, process.stdout):
            with suppress(OSError):  # unsent bytes of a request
                stream.close()  # type: ignore[union-attr]
        return process.wait()


def _environment() -> dict[str, str]:
    """This process's, with this radistill first, one thread (threads take address space), and
    memory that is kept from film to film: glibc would return it, and a tenth of the time goes into
    getting it back."""
    source = str(Path(__file__).parents[3])
    path = os.pathsep.join(filter(None, (source, os.environ.get("PYTHONPATH"))))
    kept = str(32 * 2**20)  # the most that glibc allows
    return {
        **os.environ,
        "PYTHONPATH": path,
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MALLOC_TRIM_THRESHOLD_": kept,
        "MALLOC_MMAP_THRESHOLD_": kept,
    }


def _widen(process: subprocess.Popen[bytes]) -> None:
    """A pipe of a megabyte where the system allows it."""
    with suppress(ImportError, AttributeError, OSError):
        import fcntl

        assert process.stdout is not None
        fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
