"""Files of JSON lines in which each line holds the sha256 of the line before it."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from radistill.errors import RadistillError, UsageError

START = "0" * 64  # the `previous` of the first line of all


class HashChain:
    """`folder` with a file a day, `2026-11-27.jsonl`, that only its owner can read. For one thread.

    keep_days: older files are removed; None keeps all. last: the sha256 of the last line.
    Raises OSError.
    """

    def __init__(self, folder: Path, keep_days: int | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder, self._keep = folder, keep_days
        files = sorted(_files(folder))
        self._file = files[-1] if files else None
        # A day's file is empty where its first line was not finished.
        written = filter(None, map(_whole_lines, reversed(files)))
        self.last_line = next(written, [b""])[-1]
        self.last = _digest(self.last_line) if self.last_line else START

    @property
    def last_values(self) -> Mapping[str, Any]:
        """The last line; empty where it is none, which `verify_chain` says."""
        try:
            values = json.loads(self.last_line)
        except ValueError:
            return {}
        return values if isinstance(values, dict) else {}

    def append(self, lines: Sequence[Mapping[str, object]]) -> str:
        """Write lines to disk, all or none; the hash of the last. Raises OSError."""
        content, line, last = b"", self.last_line, self.last
        for values in lines:
            line = json.dumps({**values, "previous": last}, allow_nan=False).encode() + b"\n"
            content, last = content + line, _digest(line)
        today = self._folder / f"{date.today().isoformat()}.jsonl"
        if self._file is None or today > self._file:  # never back, if the clock jumps
            self._file = today
            self._remove_old()
        file = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        size = os.fstat(file).st_size
        try:
            while content:
                content = content[os.write(file, content) :]
            os.fsync(file)
        except OSError:  # such as a full disk, which took a part
            with suppress(OSError):
                os.truncate(self._file, size)
            raise
        finally:
            os.close(file)
        self.last_line, self.last = line, last
        return last

    def _remove_old(self) -> None:
        if self._keep is None:
            return
        first = (date.today() - timedelta(days=self._keep)).isoformat()
        for file in _files(self._folder):
            if file.stem < first:
                file.unlink()


def verify_chain(folder: Path, last: str | None = None) -> int:
    """How many lines there are. Raises RadistillError naming the first that was changed.

    last: hash of the last line, or of the one before it, as somebody else remembers it. The first
    line may have any before it, since old files are removed. Raises UsageError if there is none.
    """
    count, previous, before = 0, None, None
    files = sorted(_files(folder))
    if not folder.is_dir():
        raise UsageError(f"{folder}: there is no ledger")
    for file in files:
        for number, line in enumerate(file.read_bytes().splitlines(keepends=True), 1):
            try:
                said = json.loads(line)["previous"]
            except (ValueError, KeyError, TypeError):
                raise RadistillError(f"{file}, line {number}: is no line of a ledger") from None
            if previous is not None and said != previous:
                raise RadistillError(
                    f"{file}, line {number}: the line before it was changed, removed or added"
                )
            before, previous, count = previous, _digest(line), count + 1
    # A service that was killed, or works just now, may have written one that is not counted yet.
    if last is not None and last not in (previous or START, before or START):
        raise RadistillError(f"{folder}: the last lines were changed or removed")
    return count


def _files(folder: Path) -> list[Path]:
    return list(folder.glob("????-??-??.jsonl"))


def _whole_lines(file: Path) -> list[bytes]:
    """Its lines; one that a power cut left unfinished is cut off."""
    content = file.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if len(whole) < len(content):
        os.truncate(file, len(whole))
    return whole.splitlines(keepends=True)


def _digest(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()
