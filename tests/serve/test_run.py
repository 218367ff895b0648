"""Where to listen, and whom to ask for a token."""

from __future__ import annotations

import socket

import pytest

from radistill.errors import UsageError
from radistill.serve import run


def test_a_token_is_asked_for_beyond_this_machine() -> None:
    with run.listen("127.0.0.1", 0) as near, run.listen("0.0.0.0", 0) as far:
        assert run.token_for(near, None) == (None, False)
        assert run.token_for(near, "a" * 16) == ("a" * 16, False)
        assert run.token_for(far, "a" * 16) == ("a" * 16, False)
        first, second = run.token_for(far, None), run.token_for(far, None)
        assert first[1]
        assert first != second


@pytest.mark.parametrize("token", ["", "short", "a" * 20 + "\n", "\u00e9" * 20])
def test_tokens_that_could_be_guessed_or_not_be_sent(token: str) -> None:
    with (
        run.listen("127.0.0.1", 0) as listener,
        pytest.raises(UsageError, match="at least 16 characters of plain ASCII"),
    ):
        run.token_for(listener, token)


def test_names_that_are_answered_to() -> None:
    with run.listen("127.0.0.1", 0) as near, run.listen("0.0.0.0", 0) as far:
        assert run.names_for(near, ["Xray.Example"]) == {
            "localhost", "127.0.0.1", "::1", "xray.example",
        }  # fmt: skip
        assert run.names_for(far, []) is None
        assert "xray.example" in (run.names_for(far, ["xray.example"]) or ())


def test_addresses() -> None:
    with run.listen("127.0.0.1", 0) as near, run.listen("0.0.0.0", 0) as far:
        assert run.address(near) == f"http://127.0.0.1:{near.getsockname()[1]}/"
        assert "0.0.0.0" not in run.address(far)
    if socket.has_ipv6:
        try:
            listener = run.listen("::1", 0)
        except UsageError:
            pytest.skip("no IPv6 on this machine")
        with listener:
            assert run.address(listener).startswith("http://[::1]:")
            assert run.is_loopback(listener)
