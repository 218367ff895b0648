"""The decoding process: requests on standard input, films on standard output.

`radistill.imaging.sandbox.child` starts it with `python -m`. It imports nothing but
`radistill.imaging`, so that it starts fast and is small.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import BinaryIO

from radistill.imaging.limits import Limits
from radistill.imaging.sandbox.one_file import answer_of
from radistill.imaging.sandbox.wire import read_frame, write_frame

# Small films leave several at a time: waking the parent costs as much as a tenth of one.
_BUFFER = 1 << 20
_HOLD_SECONDS = 0.01
_ORPHANED = 100  # times the limit, until a process without a parent ends itself


def main() -> None:
    """Answer one request after another until standard input ends.

    A request has the files' "paths", or no such key and one file's bytes as the body; the side of
    the "square" that a model takes, 0 for the whole film; and the longer side of a "preview", which
    only films of these "sources" get. Each file is answered by a frame of its own, see `answer_of`.
    """
    limits = _Metered(**json.loads(sys.argv[1]))
    requests, replies = _take_streams()
    _confine(limits)
    write_frame(replies, {"ready": True})
    replies.flush()
    flushed = time.monotonic()
    while True:
        try:
            head, body = read_frame(requests, limits.max_bytes)
        except EOFError:
            return
        sources = map(Path, head["paths"]) if "paths" in head else [bytes(body)]
        for source in sources:
            _set_alarm("ITIMER_PROF", limits.seconds)
            _set_alarm("ITIMER_REAL", _ORPHANED * limits.seconds)
            write_frame(replies, *answer_of(source, limits, head))
            if time.monotonic() - flushed > _HOLD_SECONDS:
                replies.flush()
                flushed = time.monotonic()
        _set_alarm("ITIMER_PROF", 0)
        _set_alarm("ITIMER_REAL", 0)
        replies.flush()


def _take_streams() -> tuple[BinaryIO, BinaryIO]:
    """Standard input and output for frames alone; what a decoder prints is discarded."""
    nowhere = os.open(os.devnull, os.O_RDWR)  # first: it is 2 where the parent's was closed
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb", _BUFFER)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    return requests, replies


def _confine(limits: Limits) -> None:
    """Cap memory, and forbid core dumps and writing to files. Linux and other Unix only."""
    sys.dont_write_bytecode = True
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    if limits.memory:
        resource.setrlimit(resource.RLIMIT_AS, (limits.memory, limits.memory))


class _Metered(Limits):
    """Gives a film its CPU time as soon as its pixels are known."""

    def check_pixels(self, width: int, height: int) -> None:
        super().check_pixels(width, height)
        _set_alarm("ITIMER_PROF", self.cpu_seconds(width * height))


def _set_alarm(timer: str, seconds: float) -> None:
    """End this process after so much time of a kind; 0 calls it off.

    ITIMER_PROF counts its CPU time, ITIMER_REAL is for a process whose parent has died. Their
    signals' default action ends C code too.
    """
    if hasattr(signal, "setitimer"):
        signal.setitimer(getattr(signal, timer), seconds)


if __name__ == "__main__":
    main()
