"""The queue: what was accepted stays, steps repeat without harm, and nothing is answered twice."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from radistill.errors import UsageError
from radistill.node import jobs, spool_house
from radistill.node.dead_letters import drop, drop_targets, try_again
from radistill.node.jobs import JobStore, existing_spool
from radistill.node.spool_house import empty, sweep, used_bytes

MODEL = "m" * 64


@pytest.fixture
def store(tmp_path: Path) -> Iterator[JobStore]:
    made = JobStore(tmp_path / "spool")
    yield made
    made.close()


def receive(store: JobStore, number: int = 1, content: bytes | None = None, **more: str) -> bool:
    file = store.incoming / "film"
    file.write_bytes(content or b"%d" % number)
    targets = ["a", "b"]
    return store.receive(file, f"1.{number}", "1.9", "STORESCU", targets, more.get("model", MODEL))


def answered(store: JobStore, number: int = 1) -> None:
    (job,) = [one for one in store.waiting(["received"]) if one.instance == f"1.{number}"]
    store.set_state(job, "judged", picture="p", model=MODEL)
    for file in store.answer_files(job):
        file.write_bytes(b"answer")
    store.set_answered(job)


def test_a_received_film_stands_in_spool_and_database(store: JobStore) -> None:
    assert receive(store)
    (job,) = store.waiting(["received"])
    assert store.film(job).read_bytes() == b"1"
    assert (job.instance, job.source, job.targets) == ("1.1", "STORESCU", ("a", "b"))
    assert list(store.incoming.iterdir()) == []
    assert store.folder.stat().st_mode & 0o077 == 0


def test_film_names_and_job_are_on_disk_before_success(
    store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    synchronised, fsync = set(), os.fsync

    def noted(file: int) -> None:
        synchronised.add(os.readlink(f"/proc/self/fd/{file}"))
        fsync(file)

    monkeypatch.setattr(os, "fsync", noted)
    receive(store)
    (film,) = store.films.iterdir()
    log = store.folder / "jobs.sqlite-wal"
    assert synchronised >= {str(one.resolve()) for one in (film, store.films, log)}


def test_nobody_waits_for_the_disk_of_somebody_elses_film(
    store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process that moves a job asks SQLite for the lock again and again meanwhile."""
    waiting, go_on, fsync = threading.Event(), threading.Event(), os.fsync

    def slow(file: int) -> None:
        waiting.set()
        go_on.wait(20)
        fsync(file)

    monkeypatch.setattr(os, "fsync", slow)
    receiving = threading.Thread(target=receive, args=(store,))
    receiving.start()
    assert waiting.wait(20)
    other = JobStore(store.folder)
    moving = threading.Thread(target=other.set_cursor, args=("ledger", "line"))
    moving.start()
    moving.join(10)
    try:
        assert not moving.is_alive()
        assert receiving.is_alive()  # success is not said yet
        assert len(store.waiting(["received"])) == 1  # and it is being answered
    finally:
        go_on.set()
        receiving.join()
        moving.join()
        other.close()


def test_no_change_between_looking_and_waiting_is_missed(store: JobStore) -> None:
    before = store.changes
    store.notify()
    assert store.wait(0, before)
    assert not store.wait(0, store.changes)


def test_the_same_film_again_changes_nothing(store: JobStore) -> None:
    receive(store)
    assert not receive(store)
    answered(store)
    assert not receive(store)
    assert [store.counts()[state] for state in ("received", "answered")] == [0, 1]


def test_another_model_answers_the_same_film_again(store: JobStore) -> None:
    receive(store)
    answered(store)
    for target in ("a", "b"):
        store.set_delivered(store.waiting(["answered"])[0], target)
    assert not receive(store)
    assert receive(store, model="n" * 64)
    assert store.counts()["received"] == 1
    answered(store)
    assert len(store.to_deliver("a")) == 1  # its deliveries begin anew


def test_delivered_means_to_every_target(store: JobStore) -> None:
    receive(store)
    answered(store)
    (job,) = store.to_deliver("a")
    assert not store.set_delivered(job, "a")
    assert store.to_deliver("a") == []
    assert store.set_delivered(job, "b")
    assert store.counts()["delivered"] == 1


def test_a_target_that_turns_a_film_down_makes_a_dead_letter(store: JobStore) -> None:
    receive(store)
    answered(store)
    (job,) = store.to_deliver("a")
    store.set_delivered(job, "b")
    assert [store.set_refused(job, "a", "status 0xC000", most=3) for _ in range(2)] == [1, 2]
    assert store.counts()["answered"] == 1
    store.set_refused(job, "a", "status 0xC000", most=3)
    (dead,) = store.waiting(["dead"])
    assert (dead.code, dead.message) == ("delivery", "a: status 0xC000")
    try_again(store, [dead])
    assert [one.id for one in store.to_deliver("a")] == [job.id]
    assert store.to_deliver("b") == []  # has it


def test_an_unreachable_target_counts_for_all_that_wait(store: JobStore) -> None:
    for number in (1, 2):
        receive(store, number)
        answered(store, number)
    store.set_unreachable("a", "no answer", most=3)
    receive(store, 3)
    answered(store, 3)
    for _ in range(2):
        store.set_unreachable("a", "no answer", most=3)
    # The first two have had three tries at `a`; they still wait for `b`.
    assert [job.instance for job in store.to_deliver("a")] == ["1.3"]
    assert len(store.to_deliver("b")) == 3


def test_what_waits_for_a_target_that_is_no_more_is_a_dead_letter(store: JobStore) -> None:
    receive(store)
    answered(store)
    drop_targets(store, ["b", "c"])
    (job,) = store.to_deliver("b")
    assert store.to_deliver("a") == []
    store.set_delivered(job, "b")
    (dead,) = store.waiting(["dead"])
    assert dead.message == "a: is no target in node.yaml any more"


def test_dead_letters_of_the_film_start_again_from_the_film(store: JobStore) -> None:
    receive(store)
    (job,) = store.waiting(["received"])
    store.set_state(job, "dead", code="truncated", message="stops early")
    try_again(store, store.waiting(["dead"]))
    assert store.waiting(["received"])[0].code is None
    store.set_state(job, "dead", code="truncated", message="stops early")
    assert receive(store)  # so does sending it again


def test_two_films_of_one_instance_are_two_jobs(store: JobStore) -> None:
    receive(store)
    receive(store, content=b"other")
    first, second = store.waiting(["received"])
    store.set_state(first, "judged", picture="p", model=MODEL)
    assert store.same_instance(second) == [("p", MODEL)]
    assert store.same_instance(first) == []


def test_a_spool_has_one_node(
    store: JobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "LOCK_SECONDS", 0.1)
    other = JobStore(tmp_path / "spool")
    with store.held(), pytest.raises(UsageError, match="another node"), other.held():
        pass
    with other.held():
        pass
    other.close()


def test_what_was_not_acknowledged_is_swept(store: JobStore) -> None:
    receive(store)
    (store.incoming / "half").write_bytes(b"x")
    (store.films / ("0" * 64 + ".dcm")).write_bytes(b"renamed, but no job")
    with store.held():
        sweep(store)
        assert list(store.incoming.iterdir()) == []
        assert len(list(store.films.iterdir())) == 1


def test_spools_of_other_versions_and_other_files_are_refused(tmp_path: Path) -> None:
    JobStore(tmp_path).close()
    with sqlite3.connect(tmp_path / "jobs.sqlite") as sql:
        sql.execute("PRAGMA user_version = 7")
    with pytest.raises(UsageError, match="version 7"):
        JobStore(tmp_path)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "jobs.sqlite").write_bytes(b"no database" * 100)
    with pytest.raises(UsageError, match="no spool"):
        JobStore(tmp_path / "other")


def test_the_spool_is_emptied_by_age_and_by_size(
    store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2, 3):
        receive(store, number, content=b"%d" % number * 1000)
        answered(store, number)
    for job in store.waiting(["answered"])[:2]:
        for target in ("a", "b"):
            store.set_delivered(job, target)
    empty(store, 3600, 10**9)
    assert len(list(store.films.iterdir())) == 3
    used = used_bytes(store)
    empty(store, 3600, used - 1)  # the oldest goes
    assert len(list(store.films.iterdir())) == 2
    empty(store, 0, 10**9)  # by age; what is not delivered stays
    assert len(list(store.films.iterdir())) == 1
    assert len(list(store.answers.iterdir())) == 2
    assert not receive(store, 1, content=b"1" * 1000)  # still known


def test_a_clock_that_jumps_back_empties_nothing(
    store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive(store)
    answered(store)
    (job,) = store.waiting(["answered"])
    for target in job.targets:
        store.set_delivered(job, target)
    now = time.time()
    monkeypatch.setattr(spool_house.time, "time", lambda: now - 86400)
    empty(store, 3600, 10**9)
    assert len(list(store.films.iterdir())) == 1


def test_cursors_and_known_instances(store: JobStore) -> None:
    assert store.cursor("orthanc") is None
    store.set_cursor("orthanc", "7")
    store.set_cursor("orthanc", "8")
    assert store.cursor("orthanc") == "8"
    receive(store)
    assert store.knows("1.1")
    assert not store.knows("1.2")


KILLED = """
import sys
from pathlib import Path
from radistill.node.jobs import JobStore, existing_spool
from radistill.node.spool_house import empty, sweep, used_bytes
store = JobStore(Path(sys.argv[1]))
for number in range(100000):
    file = store.incoming / f"film-{number}"
    file.write_bytes(b"%d" % number * 500)
    store.receive(file, f"1.{number}", "1.9", "X", ["a"], "m")
    print(number, flush=True)
"""


def test_a_kill_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    for round_ in range(3):
        folder = tmp_path / str(round_)
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(folder)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        for _ in range(20 + 7 * round_):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        acknowledged = 20 + 7 * round_ + len(process.stdout.read().splitlines())
        process.wait()
        store = JobStore(folder)
        with store.held():
            sweep(store)
            jobs = store.waiting(["received"], limit=10**6)
            assert acknowledged <= len(jobs) <= acknowledged + 1
            for job in jobs:
                assert store.film(job).read_bytes() == job.instance[2:].encode() * 500
            assert len(list(store.films.iterdir())) == len(jobs)
        store.close()


def test_a_dead_letter_is_dropped_with_its_files(store: JobStore) -> None:
    for number in (1, 2):
        receive(store, number, content=b"shared")
    receive(store, 3)
    answered(store, 3)
    first, second = store.waiting(["received"])
    store.set_state(first, "dead", code="truncated", message="stops early")
    assert not drop(store, second.id)  # is none
    assert not drop(store, 99)
    assert drop(store, first.id)
    assert store.film(second).exists()  # both had the same
    store.set_state(second, "dead", code="truncated", message="stops early")
    assert drop(store, second.id)
    assert not store.film(second).exists()
    (third,) = store.waiting(["answered"])
    store.set_refused(third, "a", "no", most=1)
    store.set_delivered(third, "b")
    assert drop(store, third.id)
    assert sum(store.counts().values()) == 0
    assert list(store.films.iterdir()) == list(store.answers.iterdir()) == []
    assert receive(store, 3)  # sent again, it is a new film


def test_commands_beside_the_node_create_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no spool"):
        existing_spool(tmp_path / "spool")
    assert list(tmp_path.iterdir()) == []
    JobStore(tmp_path / "spool").close()
    existing_spool(tmp_path / "spool").close()


def test_commands_beside_the_node_are_for_its_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    JobStore(tmp_path).close()
    before = sorted(tmp_path.iterdir())
    monkeypatch.setattr(jobs.os, "geteuid", lambda: (tmp_path / "jobs.sqlite").stat().st_uid + 1)
    with pytest.raises(UsageError, match="run this command as"):
        existing_spool(tmp_path)
    assert sorted(tmp_path.iterdir()) == before


def test_ends_count_for_films_that_were_being_answered(store: JobStore) -> None:
    receive(store, 1)
    receive(store, 2)
    store.set_state(store.waiting(["received"])[0], "judged", picture="p", model=MODEL)
    store.count_ends()
    assert [job.attempts for job in store.waiting(["received", "judged"])] == [1, 0]
