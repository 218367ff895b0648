"""Tokens of several clients: who is let in, what a file may hold, and what a change does."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from radistill.errors import UsageError
from radistill.serve.app import create_app
from radistill.serve.client_tokens import TokenFile, Tokens, read_tokens

from .conftest import service

WARD, PACS = "ward-" + "w" * 16, "pacs-" + "p" * 16


def write(file: Path, text: str, mode: int = 0o600) -> Path:
    file.write_text(text, "utf-8")
    file.chmod(mode)
    return file


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write(tmp_path / "tokens", f"# clients\n\nward {WARD}\n  pacs\t{PACS}  \n")


def test_each_token_has_its_name(file: Path) -> None:
    assert read_tokens(file) == {"ward": WARD, "pacs": PACS}
    for tokens in (TokenFile(file), Tokens({"ward": WARD, "pacs": PACS})):
        assert (tokens.client(WARD), tokens.client(PACS)) == ("ward", "pacs")
        for wrong in ("", WARD[:-1], WARD + "x", f"ward {WARD}", "ward", "\udcff"):
            assert tokens.client(wrong) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ward\n", "line 1: write NAME TOKEN"),
        (f"# x\nward {WARD} more\n", "line 2: write NAME TOKEN"),
        (f"w\u00e4rd {WARD}\n", "line 1: write NAME TOKEN"),
        ("ward short\n", "line 1: a token must have at least 16"),
        (f"ward {WARD}\nward {PACS}\n", "line 2: has the name or the token of a line before"),
        (f"ward {WARD}\npacs {WARD}\n", "line 2: has the name or the token of a line before"),
        ("# nobody\n", "has no token"),
    ],
)
def test_what_is_no_file_of_tokens(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as error:
        TokenFile(write(tmp_path / "tokens", text))
    assert WARD not in str(error.value)


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o602, 0o620, 0o666])
def test_a_file_that_others_can_read_or_change_is_refused(file: Path, mode: int) -> None:
    file.chmod(mode)
    with pytest.raises(UsageError, match="chmod 600"):
        TokenFile(file)


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o640])
def test_root_may_own_a_file_that_the_group_reads(file: Path, mode: int) -> None:
    file.chmod(mode)
    assert TokenFile(file).client(WARD) == "ward"


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        TokenFile(tmp_path / "tokens")
    (tmp_path / "latin").write_bytes(b"\xff")
    with pytest.raises(UsageError, match="no UTF-8 text"):
        TokenFile(tmp_path / "latin")


def test_a_change_counts_from_the_next_request(
    file: Path, bundle: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def status(token: str) -> int:
        return client.get("/v1/bundle", headers={"Authorization": f"Bearer {token}"}).status_code

    app = create_app(service(bundle), tokens=TokenFile(file))
    with TestClient(app) as client, caplog.at_level(logging.INFO, "radistill"):
        assert (status(WARD), status(PACS), status("x" * 16)) == (200, 200, 401)
        write(file, f"pacs {PACS}\n")
        assert (status(WARD), status(PACS)) == (401, 200)
        write(file, "pacs short\n")
        assert (status(WARD), status(PACS)) == (401, 200)
        assert "the tokens before go on" in caplog.text
        replacement = write(file.with_name("new"), f"ward {WARD}\n")
        os.replace(replacement, file)
        assert (status(WARD), status(PACS)) == (200, 401)
        file.unlink()
        assert (status(WARD), status(PACS)) == (200, 401)
        write(file, "# nobody any more\n")
        assert (status(WARD), status(PACS)) == (401, 401)
    clients = [getattr(record, "fields", {}).get("client") for record in caplog.records]
    assert {"ward", "pacs"} <= set(clients)
    assert WARD not in caplog.text
    assert PACS not in caplog.text
