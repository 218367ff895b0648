"""The ledger: a line for every film, chained by hash, without anything that names a patient."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from radistill.files import replacing
from radistill.runtime.hash_chain import START, HashChain

_SALT_BYTES = 32


class Ledger:
    """A `HashChain` of films. For one thread.

    A line is a prediction or failure as `radistill predict` writes it, with `time`, `study` and
    `instance` (salted hashes of the UIDs; `path` is the latter) and `previous`.
    """

    def __init__(self, folder: Path, salt: Path, keep_days: int) -> None:
        if not salt.exists() or salt.stat().st_size < _SALT_BYTES:
            with replacing(salt) as temporary:
                temporary.chmod(0o600)
                temporary.write_bytes(secrets.token_bytes(_SALT_BYTES))
        self._salt = salt.read_bytes()
        self._chain = HashChain(folder, keep_days)

    @property
    def last(self) -> str:
        """The hash of the last line."""
        return self._chain.last

    def salted(self, uid: str) -> str:
        """What stands for a UID: HMAC-SHA-256 under the salt, which never leaves the spool."""
        return hmac.new(self._salt, uid.encode(), hashlib.sha256).hexdigest()

    def follows(self, known: str | None) -> bool:
        """Whether the line with the hash `known` is the last, or the one before it."""
        chain = self._chain
        before = chain.last_values.get("previous") if chain.last_line else START
        return known in (None, chain.last, before)

    def append(self, record: Mapping[str, object], study: str, instance: str, time: str) -> str:
        """Write one line to disk; its hash. A line that a kill left uncounted is not repeated.

        time: ISO 8601. Raises OSError.
        """
        names = {"path": self.salted(instance), "instance": self.salted(instance)}
        line = {**record, **names, "study": self.salted(study), "time": time}
        if _same_film(self._chain.last_values, line):
            return self.last
        return self._chain.append([line])


def _same_film(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether both are of one film by one model."""
    keys = ("instance", "sha256", "model", "error")
    return all(one.get(key) == other.get(key) for key in keys)
