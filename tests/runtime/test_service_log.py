"""Log lines of services."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest

from radistill.runtime.service_log import LogFormat, start_log


@pytest.fixture
def name() -> Iterator[str]:
    logger = logging.getLogger("test_service_log")
    yield logger.name
    logger.handlers.clear()


def said(form: LogFormat, name: str, capsys: pytest.CaptureFixture[str]) -> str:
    start_log(form, name)
    fields = {"request_id": "7", "status": 200}
    logging.getLogger(name).info("line %d\nand more", 1, extra={"fields": fields})
    logging.getLogger(name).debug("unheard")
    return capsys.readouterr().err


def test_json(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    (line,) = said("json", name, capsys).splitlines()
    values = json.loads(line)
    assert values.pop("time").startswith("20")
    assert values == {
        "level": "info",
        "message": "line 1\nand more",
        "request_id": "7",
        "status": 200,
    }


def test_text(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "INFO line 1\nand more" in said("text", name, capsys)
