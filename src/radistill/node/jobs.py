"""The queue: a SQLite file and a folder of films. What it has accepted is not lost.

Every film is a job, which goes received, decoded, judged, answered, delivered; or it becomes a
dead letter, `dead`, with the reason. An answer has a delivery for each target. One that a source
has and does not give is `unfetched`, with the source's name for it as instance.
"""

import fcntl
import json
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import IO, Literal

from radistill.errors import UsageError
from radistill.files import to_disk
from radistill.node.spool_database import SpoolDatabase

LOCK_SECONDS = 20.0  # for a process of a node that was killed to end
STATES = ("unfetched", "received", "decoded", "judged", "answered", "delivered", "dead")


@dataclass(frozen=True)
class Job:
    """A film that was accepted. received: Unix time. targets: names from node.yaml."""

    id: int
    instance: str
    study: str
    sha256: str
    source: str
    targets: tuple[str, ...]
    state: str
    received: float
    attempts: int
    code: str | None
    message: str | None


class JobStore:
    """The spool folder; usable from several threads.

    Receiving waits until film and job stand on disk. Later steps do not wait for the job: after a
    power cut a step is repeated, and repeating one changes nothing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.films, self.answers, self.incoming = (
            folder / name for name in ("films", "answers", "incoming")
        )
        for one in (folder, self.films, self.answers, self.incoming):
            one.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.working = SpoolDatabase(folder / "jobs.sqlite")
        self._changed = threading.Condition()
        self.changes = 0  # wakes so far, for `wait`
        self.on_change: Callable[[], None] = lambda: None  # wakes the other process

    def close(self) -> None:
        self.working.close()

    @contextmanager
    def held(self) -> Iterator[int]:
        """Be the only service on this spool; the descriptor of its lock.

        One that was killed has a process that still ends. Raises UsageError if another one is.
        """
        deadline = time.monotonic() + LOCK_SECONDS
        with (self.folder / "lock").open("w") as file:
            while not _locked(file):
                if time.monotonic() > deadline:
                    raise UsageError(
                        f"{self.folder}: another node works on this spool; stop it first"
                    )
                time.sleep(0.05)
            yield file.fileno()

    def receive(
        self, film: Path, instance: str, study: str, source: str, targets: Sequence[str], model: str
    ) -> bool:
        """Take a film out of `incoming`; when this returns it and its job stand on disk.

        model: sha256 of the present one. Whether there is something to do: a film that was
        answered by that model is done. Raises OSError and sqlite3.Error if the disk does not hold.
        """
        now = time.time()
        with film.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
            with self.working as sql:  # so that `empty` does not remove it in between
                os.replace(film, self.films / f"{digest}.dcm")
                known = sql.execute(
                    "SELECT id, state, model FROM jobs WHERE instance = ? AND sha256 = ?",
                    (instance, digest),
                ).fetchone()
                again = known and (known["state"] == "dead" or (known["model"] or model) != model)
                if known is None:
                    sql.execute(
                        "INSERT INTO jobs (instance, study, sha256, source, targets, state, "
                        "changed, received) VALUES (?, ?, ?, ?, ?, 'received', ?, ?)",
                        (instance, study, digest, source, json.dumps(list(targets)), now, now),
                    )
                elif again:
                    sql.execute("DELETE FROM deliveries WHERE job = ?", (known["id"],))
                    sql.execute(
                        "UPDATE jobs SET state = 'received', targets = ?, attempts = 0, "
                        "changed = ?, received = ?, code = NULL, message = NULL, kept = 1 "
                        "WHERE id = ?",
                        (json.dumps(list(targets)), now, now, known["id"]),
                    )
                elif known["state"] == "delivered":
                    sql.execute("UPDATE jobs SET kept = 1 WHERE id = ?", (known["id"],))
            if known is None or again:
                self.notify()
            # Without a lock, so that associations wait for the disk together. An answer may be
            # quicker: after a power cut the sender, who was not told success, sends the film again.
            os.fsync(file.fileno())
            to_disk(self.films)
            self.working.to_disk()
        return known is None or again

    def waiting(self, states: Sequence[str], after: int = 0, limit: int = 64) -> list[Job]:
        """Jobs in one of these states, the oldest first."""
        marks = ", ".join("?" * len(states))
        rows = self.working.all(
            f"SELECT * FROM jobs WHERE state IN ({marks}) AND id > ? ORDER BY id LIMIT ?",
            (*states, after, limit),
        )
        return [as_job(row) for row in rows]

    def set_state(self, job: Job, state: str, **values: str | int | None) -> None:
        """Move a job; values: other columns."""
        columns = "".join(f", {name} = ?" for name in values)
        with self.working as sql:
            sql.execute(
                f"UPDATE jobs SET state = ?, changed = ?{columns} WHERE id = ?",
                (state, time.time(), *values.values(), job.id),
            )
        self.notify()

    def count_ends(self) -> None:
        """The process that answers films ended: one more attempt for those that it was at."""
        with self.working as sql:
            sql.execute("UPDATE jobs SET attempts = attempts + 1 WHERE state = 'judged'")

    def set_answered(self, job: Job) -> None:
        """Its answers lie in `answers`: let each of its targets have them."""
        with self.working as sql:
            sql.executemany(
                "INSERT OR IGNORE INTO deliveries (job, target, state) VALUES (?, ?, 'waiting')",
                [(job.id, target) for target in job.targets],
            )
            sql.execute(
                "UPDATE jobs SET state = 'answered', changed = ? WHERE id = ?",
                (time.time(), job.id),
            )
        self.notify()

    def same_instance(self, job: Job) -> list[tuple[str, str]]:
        """(picture, model) of other jobs with the same SOP Instance UID that were judged."""
        rows = self.working.all(
            "SELECT picture, model FROM jobs WHERE instance = ? AND id != ? AND picture NOT NULL",
            (job.instance, job.id),
        )
        return [(row["picture"], row["model"]) for row in rows]

    def to_deliver(self, target: str, limit: int = 16) -> list[Job]:
        """Answered jobs that `target` is to have, the oldest first."""
        rows = self.working.all(
            "SELECT jobs.* FROM deliveries JOIN jobs ON jobs.id = job WHERE target = ? AND "
            "deliveries.state = 'waiting' AND jobs.state = 'answered' ORDER BY job LIMIT ?",
            (target, limit),
        )
        return [as_job(row) for row in rows]

    def set_delivered(self, job: Job, target: str) -> bool:
        """The target has it; whether now all of them have."""
        return self.settle(job, target, "done", None) == "delivered"

    def set_refused(self, job: Job, target: str, message: str, most: int) -> int:
        """The target answered, and does not want it; how often now.

        After `most` times it is a dead letter.
        """
        with self.working as sql:
            sql.execute(
                "UPDATE deliveries SET refusals = refusals + 1, message = ? "
                "WHERE job = ? AND target = ?",
                (message, job.id, target),
            )
            row = sql.execute(
                "SELECT refusals FROM deliveries WHERE job = ? AND target = ?", (job.id, target)
            ).fetchone()
        if row["refusals"] >= most:
            self.settle(job, target, "dead", message)
        return int(row["refusals"])

    def set_unreachable(self, target: str, message: str, most: int) -> None:
        """No answer: one more attempt for everything that waits for the target."""
        with self.working as sql:
            sql.execute(
                "UPDATE deliveries SET attempts = attempts + 1, message = ? "
                "WHERE target = ? AND state = 'waiting'",
                (message, target),
            )
        over = self.working.all(
            "SELECT jobs.* FROM deliveries JOIN jobs ON jobs.id = job WHERE target = ? AND "
            "deliveries.state = 'waiting' AND deliveries.attempts >= ?",
            (target, most),
        )
        for row in over:
            self.settle(as_job(row), target, "dead", message)

    def settle(self, job: Job, target: str, state: Literal["done", "dead"], why: str | None) -> str:
        """Close a delivery, and the job with its last one; the job's state."""
        with self.working as sql:
            sql.execute(
                "UPDATE deliveries SET state = ?, message = ? WHERE job = ? AND target = ?",
                (state, why, job.id, target),
            )
            rows = sql.execute("SELECT * FROM deliveries WHERE job = ?", (job.id,)).fetchall()
            if any(row["state"] == "waiting" for row in rows):
                return "answered"
            dead = [f"{row['target']}: {row['message']}" for row in rows if row["state"] == "dead"]
            now = "dead" if dead else "delivered"
            code, said = ("delivery", "; ".join(dead)) if dead else (None, None)
            sql.execute(
                "UPDATE jobs SET state = ?, changed = ?, code = ?, message = ? WHERE id = ?",
                (now, time.time(), code, said, job.id),
            )
        return now

    def counts(self) -> dict[str, int]:
        """Jobs in each state."""
        rows = self.working.all("SELECT state, count(*) AS n FROM jobs GROUP BY state", ())
        return dict.fromkeys(STATES, 0) | {row["state"]: row["n"] for row in rows}

    def cursor(self, name: str) -> str | None:
        """What a source, or the ledger, has come to."""
        rows = self.working.all("SELECT value FROM cursors WHERE name = ?", (name,))
        return str(rows[0]["value"]) if rows else None

    def set_cursor(self, name: str, value: str) -> None:
        with self.working as sql:
            sql.execute("INSERT OR REPLACE INTO cursors VALUES (?, ?)", (name, value))

    def knows(self, instance: str) -> bool:
        """Whether a film with this SOP Instance UID was accepted at any time."""
        return bool(self.working.all("SELECT 1 FROM jobs WHERE instance = ?", (instance,)))

    def film(self, job: Job) -> Path:
        return self.films / f"{job.sha256}.dcm"

    def answer_files(self, job: Job) -> tuple[Path, Path]:
        """Where the job's report and capture lie."""
        return self.answers / f"{job.id}-report.dcm", self.answers / f"{job.id}-capture.dcm"

    def notify(self) -> None:
        """Wake who waits for work, in the node's other process too."""
        self.wake()
        self.on_change()

    def wake(self) -> None:
        """Wake the threads of this process that wait."""
        with self._changed:
            self.changes += 1
            self._changed.notify_all()

    def wait(self, seconds: float, since: int) -> bool:
        """Whether there is another change than `since`, the `changes` from before looking."""
        with self._changed:
            return self._changed.wait_for(lambda: self.changes != since, seconds)


def existing_spool(folder: Path) -> JobStore:
    """A node's spool, for commands beside it, which create no file in it.

    Raises UsageError if there is none, or if it is another user's.
    """
    try:
        owner = (folder / "jobs.sqlite").stat().st_uid
    except OSError as error:
        raise UsageError(f"{folder}: there is no spool to be read ({error.strerror})") from None
    if os.geteuid() not in (0, owner):  # what root makes SQLite gives to the owner
        raise UsageError(f"{folder}: run this command as the node's user (its number is {owner})")
    return JobStore(folder)


def _locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def as_job(row: sqlite3.Row) -> Job:
    values = {name: row[name] for name in Job.__dataclass_fields__}
    return Job(**values | {"targets": tuple(json.loads(row["targets"]))})
