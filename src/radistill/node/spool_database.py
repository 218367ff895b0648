"""The SQLite file of a spool: its tables, and connections that several threads may use."""

import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from radistill.errors import UsageError
from radistill.files import to_disk

VERSION = 1
_TABLES = """
CREATE TABLE jobs (
    id INTEGER PRIMARY KEY, instance TEXT NOT NULL, study TEXT NOT NULL, sha256 TEXT NOT NULL,
    source TEXT NOT NULL, targets TEXT NOT NULL, state TEXT NOT NULL, changed REAL NOT NULL,
    received REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, code TEXT, message TEXT,
    picture TEXT, model TEXT, kept INTEGER NOT NULL DEFAULT 1,
    UNIQUE (instance, sha256)
);
CREATE INDEX by_state ON jobs (state, id);
CREATE TABLE deliveries (
    job INTEGER NOT NULL REFERENCES jobs, target TEXT NOT NULL, state TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, refusals INTEGER NOT NULL DEFAULT 0, message TEXT,
    PRIMARY KEY (job, target)
);
CREATE INDEX by_target ON deliveries (target, state, job);
CREATE TABLE cursors (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class SpoolDatabase:
    """A SQLite connection for several threads, one transaction at a time.

    A transaction outlasts the process as soon as it is committed, and a power cut once `to_disk`
    was called after it: waiting for the disk within one would hold up every other thread and
    process that writes.
    """

    def __init__(self, file: Path) -> None:
        self._lock = threading.RLock()
        self._log = file.with_name(f"{file.name}-wal")
        self._sql = sqlite3.connect(file, timeout=60, check_same_thread=False)
        self._sql.row_factory = sqlite3.Row
        try:
            mode = self._sql.execute("PRAGMA journal_mode = WAL").fetchone()[0]
            self._sql.execute("PRAGMA synchronous = NORMAL")
            version = self._sql.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:
                self._sql.executescript(f"BEGIN;{_TABLES}PRAGMA user_version = {VERSION};COMMIT;")
        except sqlite3.DatabaseError as error:
            raise UsageError(f"{file}: is no spool of radistill ({error})") from None
        if mode != "wal":
            raise UsageError(f"{file}: this disk cannot hold it (WAL mode); take a local one")
        if version not in (0, VERSION):
            raise UsageError(
                f"{file}: is a spool of version {version}, this radistill works on version "
                f"{VERSION}. Let the version that wrote it deliver what is in it, then name a new "
                "folder as spool.path"
            )

    def __enter__(self) -> sqlite3.Connection:
        self._lock.acquire()
        self._sql.execute("BEGIN IMMEDIATE")
        return self._sql

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
        try:
            if kind is None:
                self._sql.commit()
            else:
                self._sql.rollback()
        finally:
            self._lock.release()

    def all(self, query: str, values: Sequence[Any]) -> list[sqlite3.Row]:
        with self._lock:
            return self._sql.execute(query, values).fetchall()

    def to_disk(self) -> None:
        """Wait until what was committed would outlast a power cut. Raises OSError.

        Since WAL mode appends commits to its log and empties it only once the database has them.
        """
        to_disk(self._log)

    def close(self) -> None:
        with self._lock:
            self._sql.close()
