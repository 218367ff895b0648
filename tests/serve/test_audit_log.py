"""The audit log: a chained line a film, by whom and by which model, and no name of a file."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from radistill.adapt.ledgers import read_ledgers
from radistill.errors import RadistillError, UsageError
from radistill.files import sha256
from radistill.runtime.hash_chain import verify_chain
from radistill.schema.card import CARD, read_card
from radistill.serve.audit_log import AuditLog

TOKEN = "correct horse battery"
HEADERS = {"Authorization": f"Bearer {TOKEN}", "X-Request-ID": "ward-7.1"}


@pytest.fixture
def audited(tmp_path: Path, client_of: Callable[..., TestClient]) -> TestClient:
    return client_of(token=TOKEN, audit=AuditLog(tmp_path / "audit"))


def lines(folder: Path) -> list[dict]:
    (file,) = (folder / "audit").glob("*.jsonl")
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def test_a_line_for_each_film(
    tmp_path: Path,
    audited: TestClient,
    films: Path,
    bundle: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    content = (films / "film 0.png").read_bytes()
    sent = [("files", ("Ann Lee.png", content)), ("files", ("Ann Lee.txt", b"no film"))]
    with caplog.at_level(logging.INFO, "radistill"):
        answer = audited.post("/v1/predictions?heatmap=true", files=sent, headers=HEADERS)
    film, failure = lines(tmp_path)
    (said, _) = answer.json()["predictions"]
    for key in ("decision", "probability", "threshold", "reasons", "label", "model"):
        assert film[key] == said[key]
    assert film["sha256"] == sha256(content)
    assert (film["request"], film["client"], film["path"]) == ("ward-7.1", "ward", "ward-7.1/1")
    assert failure["error"]["code"] == "not-an-image"
    (file,) = (tmp_path / "audit").glob("*.jsonl")
    text = file.read_text("utf-8")
    for word in ("Ann", "heatmap", "preview", TOKEN):
        assert word not in text
    assert file.stat().st_mode & 0o077 == 0
    (last,) = [fields["audit"] for fields in logged(caplog) if "audit" in fields]
    assert verify_chain(tmp_path / "audit", last) == 2
    # `radistill monitor` reads it as it reads a node's ledger.
    assert len(read_ledgers([tmp_path / "audit"], read_card(bundle / CARD), bundle).rows) == 2


def logged(caplog: pytest.LogCaptureFixture) -> list[dict]:
    return [record.fields for record in caplog.records if hasattr(record, "fields")]


def test_who_may_not_ask_leaves_no_line(tmp_path: Path, audited: TestClient) -> None:
    assert audited.post("/v1/predictions", files={"files": b"x"}).status_code == 401
    assert not list((tmp_path / "audit").glob("*.jsonl"))


def test_no_answer_without_its_line(
    tmp_path: Path,
    audited: TestClient,
    films: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    sent = {"files": (films / "film 0.png").read_bytes()}

    def full(*arguments: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("radistill.runtime.hash_chain.os.write", full)
        refused = audited.post("/v1/predictions", files=sent, headers=HEADERS)
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "audit")
    assert "the disk is full" in caplog.text
    assert audited.post("/v1/predictions", files=sent, headers=HEADERS).status_code == 200
    assert verify_chain(tmp_path / "audit") == len(lines(tmp_path)) == 1


def test_one_server_a_folder(tmp_path: Path) -> None:
    first = AuditLog(tmp_path / "audit")
    with pytest.raises(UsageError, match="another server"):
        AuditLog(tmp_path / "audit")
    del first
    (tmp_path / "file").touch()
    with pytest.raises(RadistillError, match="cannot be written"):
        AuditLog(tmp_path / "file")
