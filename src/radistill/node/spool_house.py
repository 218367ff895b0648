"""Room in the spool: what may go, by age, by size, and after a kill."""

import shutil
import time
from pathlib import Path

from radistill.node.jobs import JobStore, as_job


def free_bytes(store: JobStore) -> int:
    """On the disk of the spool."""
    return shutil.disk_usage(store.folder).free


def used_bytes(store: JobStore) -> int:
    """Of films and answers."""
    folders = (store.films, store.answers, store.incoming)
    return sum(_size(file) for folder in folders for file in folder.iterdir())


def empty(store: JobStore, keep_seconds: float, most_bytes: int) -> None:
    """Remove films and answers that were delivered, by age and, the oldest first, by size."""
    used, now = used_bytes(store), time.time()
    rows = store.working.all(
        "SELECT * FROM jobs WHERE state = 'delivered' AND kept ORDER BY changed", ()
    )
    for row in rows:
        # A clock that jumped back makes ages negative: those are kept for their time again.
        if now - row["changed"] < keep_seconds and used <= most_bytes:
            break
        job = as_job(row)
        with store.working as sql:
            emptied = sql.execute(
                "UPDATE jobs SET kept = 0 WHERE id = ? AND state = 'delivered'", (job.id,)
            )
            for file in (store.film(job), *store.answer_files(job)) if emptied.rowcount else ():
                used -= _size(file)
                file.unlink(missing_ok=True)


def sweep(store: JobStore) -> None:
    """Remove what a kill left: films that were not acknowledged, half-written answers."""
    for file in store.incoming.iterdir():
        file.unlink()
    known = {row["sha256"] for row in store.working.all("SELECT sha256 FROM jobs", ())}
    for film in store.films.glob("*.dcm"):
        if film.stem not in known:
            film.unlink()
    for file in store.answers.glob(".*.partial"):
        file.unlink()


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0
