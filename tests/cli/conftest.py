"""The command line in this process, the hand-made bundle and its films."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from radistill import cli

from ..brightness import bundle, films  # noqa: F401

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def radistill(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """The command line without the seconds that a new interpreter takes."""

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["radistill", *map(str, arguments)])
        try:
            cli.main()
            status = 0
        except SystemExit as end:
            status = int(end.code or 0)
        out, err = capfd.readouterr()
        return status, out, err

    return run
