"""The ledger: a line for every film, chained by hash, without anything that names a patient."""

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from radistill.errors import RadistillError, UsageError
from radistill.files import replacing

_SALT_BYTES = 32
START = "0" * 64  # the `previous` of the first line of all


class Ledger:
    """Files of JSON lines, one a day: `2026-11-27.jsonl`. For one thread.

    A line is a prediction or failure as `radistill predict` writes it, with `time`, `study` and
    `instance` (salted hashes of the UIDs; `path` is the latter) and `previous`, the sha256 of the
    line before.
    """

    def __init__(self, folder: Path, salt: Path, keep_days: int) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not salt.exists() or salt.stat().st_size < _SALT_BYTES:
            with replacing(salt) as temporary:
                temporary.chmod(0o600)
                temporary.write_bytes(secrets.token_bytes(_SALT_BYTES))
        self._folder, self._salt, self._keep = folder, salt.read_bytes(), keep_days
        self._file = max(_files(folder), default=None)
        lines = _whole_lines(self._file) if self._file else []
        self._last = lines[-1] if lines else b""
        self.last = _digest(self._last) if lines else START

    def salted(self, uid: str) -> str:
        """What stands for a UID: HMAC-SHA-256 under the salt, which never leaves the spool."""
        return hmac.new(self._salt, uid.encode(), hashlib.sha256).hexdigest()

    def follows(self, known: str | None) -> bool:
        """Whether the line with the hash `known` is the last, or the one before it."""
        before = _read(self._last).get("previous") if self._last else START
        return known in (None, self.last, before)

    def append(self, record: Mapping[str, object], study: str, instance: str, time: str) -> str:
        """Write one line to disk; its hash. A line that a kill left uncounted is not repeated.

        time: ISO 8601. Raises OSError.
        """
        names = {"path": self.salted(instance), "instance": self.salted(instance)}
        line = {**record, **names, "study": self.salted(study), "time": time}
        if self._last and _same_film(_read(self._last), line):
            return self.last
        content = json.dumps({**line, "previous": self.last}, allow_nan=False).encode() + b"\n"
        today = self._folder / f"{date.today().isoformat()}.jsonl"
        if self._file is None or today > self._file:  # never back, if the clock jumps
            self._file = today
            self._remove_old()
        with open(self._file, "ab", opener=_private) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        self._last, self.last = content, _digest(content)
        return self.last

    def _remove_old(self) -> None:
        first = (date.today() - timedelta(days=self._keep)).isoformat()
        for file in _files(self._folder):
            if file.stem < first:
                file.unlink()


def verify_ledger(folder: Path, last: str | None = None) -> int:
    """How many lines there are. Raises RadistillError naming the first that was changed.

    last: hash of the last line, as the spool remembers it. The first line may have any before it,
    since old files are removed.
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


def _read(line: bytes) -> Mapping[str, Any]:
    """Empty for what is no line of a ledger; `verify_ledger` says so."""
    try:
        value = json.loads(line)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _same_film(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether both are of one film by one model."""
    keys = ("instance", "sha256", "model", "error")
    return all(one.get(key) == other.get(key) for key in keys)


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


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
