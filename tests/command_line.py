"""The command line in this process, for tests of any folder."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import NamedTuple

import pytest


class Done(NamedTuple):
    """What a command ended with."""

    returncode: int
    stdout: str
    stderr: str


Command = Callable[..., Done]


@pytest.fixture
def radistill(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """The command line without the seconds that a new interpreter takes."""
    from radistill import cli  # its console reads COLUMNS, which conftest.py sets

    def run(*arguments: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["radistill", *map(str, arguments)])
        try:
            cli.main()
            status = 0
        except SystemExit as end:
            status = int(end.code or 0)
        return Done(status, *capfd.readouterr())

    return run
