"""The door for films: what is too large, cannot be written or cannot be read harms nothing else."""

from __future__ import annotations

import json
import os
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
import requests

from node_peers import film
from radistill.node import polling
from radistill.node.dead_letters import try_again
from radistill.node.inbox import NO_ROOM, Declined, Inbox
from radistill.node.jobs import JobStore
from radistill.node.node_config import (
    FolderSource,
    FolderTarget,
    NodeConfig,
    NodeLimits,
    OrthancSource,
    Retries,
    WebSource,
)
from radistill.node.node_metrics import NodeMetrics


@pytest.fixture
def store(tmp_path: Path) -> Iterator[JobStore]:
    made = JobStore(tmp_path / "spool")
    yield made
    made.close()


@pytest.fixture
def inbox(store: JobStore, tmp_path: Path) -> Inbox:
    target = FolderTarget(kind="folder", name="t", path=tmp_path / "out")
    config = NodeConfig(targets=(target,), limits=NodeLimits(megabytes=1))
    config = config.model_copy(
        update={"spool": config.spool.model_copy(update={"free_megabytes": 0})}
    )
    return Inbox(config, store, NodeMetrics(store.counts, os.getpid), lambda: "m")


def refuse(monkeypatch: pytest.MonkeyPatch, method: str, name: str | None, error: OSError) -> None:
    """Let a method of Path fail for files of this name, or for all."""
    before = getattr(Path, method)

    def failing(path: Path, *arguments: object) -> object:
        if name in (None, path.name):
            raise error
        return before(path, *arguments)

    monkeypatch.setattr(Path, method, failing)


def test_a_file_of_a_folder_that_cannot_be_read_holds_up_no_other(
    store: JobStore, inbox: Inbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("a.dcm", "b.dcm"):
        (folder / name).write_bytes(film(ord(name[0])))
    with (folder / "c.dcm").open("wb") as huge:
        huge.truncate(1 << 40)  # must not be read
    refuse(monkeypatch, "read_bytes", "a.dcm", PermissionError())
    monkeypatch.setattr(polling, "_SETTLED", 0.0)
    rounds = polling._Folder(FolderSource(kind="folder", path=folder), store, inbox)
    for _ in range(2):
        list(rounds)
    assert store.counts()["received"] == 1
    assert sorted(one.name for one in folder.iterdir()) == ["a.dcm", "refused"]
    assert [one.name for one in (folder / "refused").iterdir()] == ["c.dcm"]


def test_a_full_disk_leaves_no_half_of_a_film(
    store: JobStore, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(monkeypatch, "write_bytes", None, OSError(28, "no space"))
    with pytest.raises(Declined) as raised:
        inbox.take_copy(film(), "folder")
    assert raised.value.status == NO_ROOM
    assert list(store.incoming.iterdir()) == []


def test_an_odd_answer_of_a_dicomweb_server_holds_up_no_other_film(
    store: JobStore, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def listed(number: int) -> dict[str, object]:
        tags = ("0020000D", "0020000E", "00080018")
        return {tag: {"Value": [f"1.{number}.{place}"]} for place, tag in enumerate(tags)}

    asked = []

    def retrieve(*uids: str) -> None:
        asked.append(uids[2])
        raise ValueError("no DICOM")

    pages = iter([[{}, listed(1), listed(2)], [], []])
    client = SimpleNamespace(
        search_for_instances=lambda **_: next(pages), retrieve_instance=retrieve
    )
    monkeypatch.setattr(polling, "web_client", lambda _: client)
    source = WebSource(kind="dicomweb", url="http://127.0.0.1")
    list(polling._Web(source, store, inbox))
    assert asked == ["1.1.2", "1.2.2"]


def test_a_dicomweb_server_that_ignores_offset_is_read_once(
    store: JobStore, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def search(**query: object) -> list[dict[str, object]]:
        asked.append(query)
        assert len(asked) < 10, "asked again and again"
        tags = ("0020000D", "0020000E", "00080018")
        return [{tag: {"Value": [f"1.{n}.{tag}"]} for tag in tags} for n in range(3)]

    def retrieve(*uids: str) -> None:
        raise ValueError("no DICOM")

    client = SimpleNamespace(search_for_instances=search, retrieve_instance=retrieve)
    monkeypatch.setattr(polling, "web_client", lambda _: client)
    source = WebSource(kind="dicomweb", url="http://127.0.0.1")
    assert len(list(polling._Web(source, store, inbox))) == 6  # of CR and of DX


class StubOrthanc:
    """/changes of two instances, of which one cannot be had while `broken`."""

    def __init__(self, broken: int | None, ends: bool = True) -> None:
        self.broken, self.ends, self.asked = broken, ends, 0

    def get(self, url: str, params: dict[str, object], timeout: float) -> requests.Response:
        answer, path = requests.Response(), url.removeprefix("http://127.0.0.1/")
        self.asked += 1
        assert self.asked < 100, "asked again and again"
        answer.status_code, content = 200, b""
        if path == "changes?last":
            content = b'{"Last": 11}'
        elif path == "changes":
            changes = [
                {"ChangeType": "NewInstance", "ID": name, "Seq": 10 + number}
                for number, name in enumerate("ab")
                if 10 + number > int(str(params["since"]))
            ]
            content = json.dumps({"Changes": changes, "Done": self.ends}).encode()
        elif path.startswith("instances/a") and self.broken:
            answer.status_code = self.broken
        elif path.endswith("SopClassUid"):
            content = b"1.2.840.10008.5.1.4.1.1.1.1"
        else:
            content = film(path.startswith("instances/a"))
        answer._content = content
        return answer

    def __enter__(self) -> StubOrthanc:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def rounds_of(
    stub: StubOrthanc, store: JobStore, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], None]:
    monkeypatch.setattr(polling, "web_session", lambda _: stub)
    source = OrthancSource(kind="orthanc", url="http://127.0.0.1")
    store.set_cursor("orthanc http://127.0.0.1", "9")
    poll = polling._Orthanc(source, store, inbox, Retries(first=1e-6, longest=1e-6, refusals=3))
    return lambda: list(poll) and None


@pytest.mark.parametrize("status", [500, 503, 400, 403])
def test_an_instance_that_orthanc_does_not_give_holds_up_no_other(
    store: JobStore, inbox: Inbox, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    stub = StubOrthanc(status)
    look = rounds_of(stub, store, inbox, monkeypatch)
    look()
    assert store.counts()["received"] == 1
    assert store.cursor("orthanc http://127.0.0.1") == "11"
    look()
    (listed,) = store.waiting(["unfetched"])
    assert listed.attempts == 2
    look()
    (dead,) = store.waiting(["dead"])
    assert (dead.code, dead.instance) == ("fetch", "a")
    assert str(status) in str(dead.message)
    look()
    assert store.counts()["dead"] == 1
    stub.broken = None
    try_again(store, [dead])
    look()
    assert {state: n for state, n in store.counts().items() if n} == {"received": 2}


def test_an_instance_that_was_deleted_is_no_dead_letter(
    store: JobStore, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = rounds_of(StubOrthanc(404), store, inbox, monkeypatch)
    look()
    assert {state: n for state, n in store.counts().items() if n} == {"received": 1}


def test_changes_that_do_not_end_are_read_once(
    store: JobStore, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds_of(StubOrthanc(None, ends=False), store, inbox, monkeypatch)()
    assert store.counts()["received"] == 2


class SlowDeque(deque[float]):
    """Lets others run between a look at it and what follows."""

    def __len__(self) -> int:
        count = super().__len__()
        time.sleep(0.001)
        return count


def test_the_rate_holds_for_many_threads(store: JobStore, inbox: Inbox) -> None:
    limits = NodeLimits(films_per_minute=100)
    inbox._config = inbox._config.model_copy(update={"limits": limits})
    inbox._recent = defaultdict(SlowDeque)
    taken: list[int] = []

    def knock(number: int) -> None:
        for _ in range(40):
            with suppress(Declined):
                inbox._check_room("STORESCU")
                taken.append(number)

    threads = [threading.Thread(target=knock, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 100
