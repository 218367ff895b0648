"""Jobs that ended without an answer, or without its delivery: listed, tried again, dropped."""

import time
from collections.abc import Sequence

from radistill.node.jobs import Job, JobStore, as_job


def drop_targets(store: JobStore, names: Sequence[str]) -> None:
    """Make dead letters of what waits for a target that is none of these."""
    marks = ", ".join("?" * len(names))
    rows = store.working.all(
        "SELECT jobs.*, target FROM deliveries JOIN jobs ON jobs.id = job WHERE "
        f"deliveries.state = 'waiting' AND target NOT IN ({marks})",
        names,
    )
    for row in rows:
        store.settle(as_job(row), row["target"], "dead", "is no target in node.yaml any more")


def note_unfetched(store: JobStore, source: str, name: str, message: str, most: int) -> int:
    """A film that a source names and does not give; how often now.

    name: the source's. After `most` times it is a dead letter.
    """
    now = time.time()
    with store.working as sql:
        sql.execute(
            "INSERT INTO jobs (instance, study, sha256, source, targets, state, changed, received, "
            "code) VALUES (?, '', '', ?, '[]', 'unfetched', ?, ?, 'fetch') "
            "ON CONFLICT (instance, sha256) DO NOTHING",
            (name, source, now, now),
        )
        sql.execute(
            "UPDATE jobs SET attempts = attempts + 1, changed = ?, message = ?, state = CASE WHEN "
            "attempts + 1 >= ? THEN 'dead' ELSE 'unfetched' END WHERE instance = ? AND sha256 = ''",
            (now, message, most, name),
        )
        row = sql.execute(
            "SELECT attempts FROM jobs WHERE instance = ? AND sha256 = ''", (name,)
        ).fetchone()
    return int(row["attempts"])


def forget_unfetched(store: JobStore, name: str) -> None:
    """The source has given it, or has it no more."""
    with store.working as sql:
        sql.execute("DELETE FROM jobs WHERE instance = ? AND sha256 = ''", (name,))


def try_again(store: JobStore, jobs: Sequence[Job]) -> None:
    """Give dead letters another turn, from the step that failed."""
    with store.working as sql:
        for job in jobs:
            state = {"delivery": "answered", "fetch": "unfetched"}.get(str(job.code), "received")
            sql.execute(
                "UPDATE deliveries SET state = 'waiting', attempts = 0, refusals = 0 "
                "WHERE job = ? AND state = 'dead'",
                (job.id,),
            )
            sql.execute(
                "UPDATE jobs SET state = ?, attempts = 0, code = NULL, message = NULL, "
                "changed = ? WHERE id = ?",
                (state, time.time(), job.id),
            )


def drop(store: JobStore, number: int) -> bool:
    """Remove a dead letter with its film and answers; whether there is one of this number.

    So may an unfetched film be, such as one of a source that is no more.
    """
    with store.working as sql:  # so that no film comes in between
        row = sql.execute(
            "SELECT * FROM jobs WHERE id = ? AND state IN ('dead', 'unfetched')", (number,)
        ).fetchone()
        if row is None:
            return False
        job = as_job(row)
        sql.execute("DELETE FROM deliveries WHERE job = ?", (number,))
        sql.execute("DELETE FROM jobs WHERE id = ?", (number,))
        films = sql.execute("SELECT 1 FROM jobs WHERE sha256 = ?", (job.sha256,)).fetchall()
        for file in (*([] if films else [store.film(job)]), *store.answer_files(job)):
            file.unlink(missing_ok=True)
    return True
