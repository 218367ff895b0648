"""The door for films: what is too large, cannot be written or cannot be read harms nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from node_peers import film
from radistill.node import polling
from radistill.node.inbox import NO_ROOM, Declined, Inbox
from radistill.node.jobs import JobStore
from radistill.node.node_config import FolderSource, FolderTarget, NodeConfig, NodeLimits, WebSource
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
    return Inbox(config, store, NodeMetrics(store.counts), lambda: "m")


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
