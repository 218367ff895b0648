"""Where to listen, and whom to ask for a token."""

from __future__ import annotations

import socket

import pytest

from radistill.errors import UsageError
from radistill.serve import uvicorn_server


def test_a_token_is_asked_for_beyond_this_machine() -> None:
    with uvicorn_server.listen("127.0.0.1", 0) as near, uvicorn_server.listen("0.0.0.0", 0) as far:
        assert uvicorn_server.token_for(near, None) == (None, False)
        assert uvicorn_server.token_for(near, "a" * 16) == ("a" * 16, False)
        assert uvicorn_server.token_for(far, "a" * 16) == ("a" * 16, False)
        first, second = uvicorn_server.token_for(far, None), uvicorn_server.token_for(far, None)
        assert first[1]
        assert first != second


@pytest.mark.parametrize("token", ["", "short", "a" * 20 + "\n", "\u00e9" * 20])
def test_tokens_that_could_be_guessed_or_not_be_sent(token: str) -> None:
    with (
        uvicorn_server.listen("127.0.0.1", 0) as listener,
        pytest.raises(UsageError, match="at least 16 characters of plain ASCII"),
    ):
        uvicorn_server.token_for(listener, token)


def test_names_that_are_answered_to() -> None:
    with uvicorn_server.listen("127.0.0.1", 0) as near, uvicorn_server.listen("0.0.0.0", 0) as far:
        assert uvicorn_server.names_for(near, ["Xray.Example"]) == {
            "localhost",
            "127.0.0.1",
            "::1",
            "xray.example",
        }
        own = socket.gethostname().lower()
        assert {"localhost", own, f"{own}.local"} <= uvicorn_server.names_for(far, [])
        assert "xray.example" in uvicorn_server.names_for(far, ["xray.example"])
        assert own not in uvicorn_server.names_for(near, [])


def test_addresses() -> None:
    with uvicorn_server.listen("127.0.0.1", 0) as near, uvicorn_server.listen("0.0.0.0", 0) as far:
        assert uvicorn_server.address(near) == f"http://127.0.0.1:{near.getsockname()[1]}/"
        assert "0.0.0.0" not in uvicorn_server.address(far)
    if socket.has_ipv6:
        try:
            listener = uvicorn_server.listen("::1", 0)
        except UsageError:
            pytest.skip("no IPv6 on this machine")
        with listener:
            assert uvicorn_server.address(listener).startswith("http://[::1]:")
            assert uvicorn_server.is_loopback(listener)
