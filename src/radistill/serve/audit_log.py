"""The optional audit log: who had which film decided, when, by which model, and how."""

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from radistill.errors import UsageError
from radistill.files import lock, unwritable
from radistill.runtime.hash_chain import HashChain
from radistill.serve.responses import FilmRecord

_LEFT_OUT = {"path", "heatmap", "preview", "ms", "time"}


@dataclass(frozen=True)
class Caller:
    """Who asks: the request's id, and the name of the client's token, None without tokens."""

    request: str
    client: str | None


class AuditLog:
    """A `HashChain` of films in `folder`, with no name of a file and no pixel.

    A line has `time`, `request`, `client`, `path` (the request and the film's number in it, as the
    client's own name may be a patient's), and the film's record as it was answered. Raises
    RadistillError if the folder cannot be used, UsageError if another server uses it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._turn = folder, threading.Lock()
        try:
            self._chain = HashChain(folder)
            self._held = (folder / "lock").open("a")  # to the end of this process
        except OSError as error:
            raise unwritable(error, folder) from None
        if os.name == "posix" and not lock(self._held.fileno()):
            raise UsageError(
                f"{folder}: another server writes its audit log there, or the file system has no "
                "locks; name another folder"
            )

    def append(self, caller: Caller, records: Sequence[FilmRecord]) -> str:
        """Write a line for each film, all or none, and return the hash of the last.

        Raises RadistillError if the disk is full or fails.
        """
        lines = [
            {
                "path": f"{caller.request}/{number}",
                **record.model_dump(exclude_unset=True, exclude=_LEFT_OUT),
                "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "request": caller.request,
                "client": caller.client,
            }
            for number, record in enumerate(records, 1)
        ]
        with self._turn:
            try:
                return self._chain.append(lines)
            except OSError as error:
                raise unwritable(error, self._folder) from error
