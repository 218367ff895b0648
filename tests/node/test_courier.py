"""Answers go to their target as they are made."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from node_peers import eventually
from radistill.node import courier
from radistill.node.jobs import JobStore
from radistill.node.node_config import FolderTarget, NodeConfig
from radistill.node.node_metrics import NodeMetrics


def test_an_association_stays_open_while_films_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier, "_LINGER", 0.5)
    calls: list[str] = []

    class Client:
        def send(self, files: object) -> None:
            calls.append("send")

        def rest(self) -> None:
            calls.append("rest")

    monkeypatch.setattr(courier, "client_of", lambda target, title: Client())
    store = JobStore(tmp_path / "spool")
    target = FolderTarget(kind="folder", name="a", path=tmp_path)
    config = NodeConfig(targets=(target,))
    one = courier.Courier(target, config, store, NodeMetrics(store.counts, lambda: 0))
    stop = threading.Event()
    thread = threading.Thread(target=one.run, args=(stop,))
    thread.start()
    for number in range(3):
        (store.incoming / "film").write_bytes(b"%d" % number)
        store.receive(store.incoming / "film", f"1.{number}", "1.9", "X", ["a"], "m")
        store.set_answered(store.waiting(["received"])[0])
        eventually(lambda wanted=number + 1: store.counts()["delivered"] == wanted)
    sent = list(calls)
    eventually(lambda: calls[-1] == "rest")
    stop.set()
    thread.join()
    store.close()
    assert sent[sent.index("send") :] == ["send"] * 3
