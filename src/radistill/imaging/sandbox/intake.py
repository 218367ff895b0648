"""Untrusted files to films, decoded in processes of their own.

A file can do no more than end the process that decodes it: memory and time are capped, a process
that dies or is killed is replaced, and its file comes back as refused.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import NamedTuple

# Nothing here waits for numpy, so that the processes start before it is imported.
from radistill.imaging.limits import Limits
from radistill.imaging.refusal import DecodeError
from radistill.imaging.sandbox.child import Child
from radistill.imaging.sandbox.decoded import Decoded, Refused, result_of

__all__ = ["Decoded", "Intake", "Refused", "Upload"]

_WATCH_SECONDS = 0.1
_GROUP_SECONDS = 0.1
_LARGEST_GROUP = 64


class Upload(NamedTuple):
    """A file that is already in memory, such as one sent over HTTP."""

    name: str
    data: bytes


class _Wanted(NamedTuple):
    """What is asked of each file, see `Intake.decode`."""

    square: int
    preview: int
    sources: list[str]


class Intake:
    """Decodes files in `workers` processes; a context manager, usable from several threads.

    limits: see `radistill.imaging.Limits`. The cap on memory holds on Linux only.
    """

    def __init__(self, *, workers: int = 1, limits: Limits | None = None) -> None:
        if workers < 1:
            raise ValueError(f"workers must be at least 1, got {workers}")
        self._limits = limits or Limits()
        self._children = [Child(self._limits) for _ in range(workers)]
        self._idle: SimpleQueue[Child] = SimpleQueue()
        self._pool = ThreadPoolExecutor(workers, "radistill-intake")
        self._stop = threading.Event()
        self._seconds_each = _GROUP_SECONDS  # of the last group
        self._watch = threading.Thread(target=self._kill_late, daemon=True)

    def __enter__(self) -> Intake:
        for child in self._children:
            child.launch()  # they start while the caller loads its model
            self._idle.put(child)
        self._watch.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._pool.shutdown(wait=False, cancel_futures=True)
        for child in self._children:
            child.close()
        self._pool.shutdown()
        self._watch.join()

    def decode(
        self,
        files: Iterable[Path | Upload],
        *,
        square: int = 0,
        preview: int = 0,
        sources: Collection[str] = (),
    ) -> Iterator[Decoded | Refused]:
        """Films in the order of `files`, as they come; reads two files a worker ahead.

        square: side of the square that a model takes; with it the whole film does not leave its
        process. preview: most pixels of the longer side of the previews that films of these
        `sources` get. Raises RadistillError if no decoding process can be started.
        """
        wanted = _Wanted(square, preview, list(sources))
        ahead: deque[Future[list[Decoded | Refused]]] = deque()
        most = 2 * len(self._children)
        try:
            for group in self._groups(files):
                ahead.append(self._pool.submit(self._decode_group, group, wanted))
                while ahead and (len(ahead) > most or ahead[0].done()):
                    yield from ahead.popleft().result()
            while ahead:
                yield from ahead.popleft().result()
        finally:
            for future in ahead:
                future.cancel()

    def decode_bytes(self, data: bytes, name: str) -> Decoded | Refused:
        """One file that is already in memory."""
        return next(self.decode([Upload(name, data)]))

    def _groups(self, files: Iterable[Path | Upload]) -> Iterator[list[Path | Upload]]:
        """Small films go to a process several at a time: waking it costs as much as one of them.

        A group is meant to take `_GROUP_SECONDS`, going by the groups before it.
        """
        group: list[Path | Upload] = []
        for file in files:
            if group and isinstance(file, Upload):
                yield group
                group = []
            group.append(file)
            size = min(_LARGEST_GROUP, int(_GROUP_SECONDS / self._seconds_each))
            if isinstance(file, Upload) or len(group) >= size:
                yield group
                group = []
        if group:
            yield group

    def _decode_group(self, files: list[Path | Upload], wanted: _Wanted) -> list[Decoded | Refused]:
        child = self._idle.get()
        try:
            start = time.perf_counter()
            results = self._ask(child, files, wanted)
            self._seconds_each = max((time.perf_counter() - start) / len(files), 1e-6)
            return results
        finally:
            self._idle.put(child)

    def _ask(
        self, child: Child, files: list[Path | Upload], wanted: _Wanted
    ) -> list[Decoded | Refused]:
        """A result for each of `files`, whether the process survives them or not."""
        results: list[Decoded | Refused] = []
        first = files[0]
        head, body = dict(wanted._asdict()), b""
        largest = (wanted.square**2 or self._limits.max_pixels) + wanted.preview**2
        try:
            if isinstance(first, Upload):
                self._limits.check_bytes(len(first.data))
                body = first.data
            else:
                head["paths"] = [str(file) for file in files]
            for answer in child.ask(head, body, files=len(files), largest=largest):
                result = result_of(_name(files[len(results)]), answer, wanted.square)
                results.append(result)
        except DecodeError as error:
            if len(files) == 1:
                return [Refused(_name(first), error.code, error.reason)]
            # Answers were lost on their way, so who is to blame shows when each is asked alone.
            for file in files[len(results) :]:
                again = self._ask(child, [file], wanted)
                results += again
        return results

    def _kill_late(self) -> None:
        while not self._stop.wait(_WATCH_SECONDS):
            for child in self._children:
                child.kill_if_late()


def _name(file: Path | Upload) -> str:
    return file.name if isinstance(file, Upload) else str(file)
