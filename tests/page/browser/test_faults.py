"""A server that is busy, gone or closed; files that are too large. The server's page alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from radistill.runtime.find_bundle import installed

from ...servers import Server, serving
from .page import Page

BUSY = {"error": {"code": "busy", "message": "too much to do at present"}}


@pytest.fixture(scope="module")
def closed(chromium: Any) -> Iterator[Server]:
    """A server with a token and a small limit."""
    with serving(
        installed()[0], "--workers", 1, "--token", "correct-horse-battery", "--max-bytes", 2**20
    ) as server:
        yield server


@pytest.fixture
def page(chromium: Any, closed: Server) -> Iterator[Page]:
    page = Page.open(chromium, f"{closed.url}/", ready=False, expected=("401", "503", "ERR_"))
    page.tab.goto(page.url)
    yield page
    page.check()
    page.context.close()


def enter(page: Page, token: str = "correct-horse-battery") -> None:
    page.tab.fill("#token", token)
    page.tab.keyboard.press("Enter")


def test_a_token_is_asked_for_and_kept_for_the_tab_alone(page: Page, normal: Path) -> None:
    enter(page, "wrong")
    page.tab.wait_for_selector(".problem")
    enter(page)
    page.tab.wait_for_selector("body[data-state=empty]")
    page.add(normal)
    assert page.outcomes == ["negative"]
    assert page.tab.evaluate("[localStorage.length, document.cookie]") == [0, ""]
    page.load()


def test_a_busy_server_is_asked_again(page: Page, normal: Path) -> None:
    enter(page)
    tries = []

    def busy_twice(route: Any) -> None:
        tries.append(route)
        if len(tries) > 2:
            route.continue_()
        else:
            route.fulfill(status=503, headers={"Retry-After": "0.1"}, json=BUSY)

    page.tab.route("**/v1/predictions*", busy_twice)
    page.tab.wait_for_selector("body[data-state=empty]")
    page.add(normal)
    assert page.outcomes == ["negative"]
    assert len(tries) == 3


def test_a_server_that_goes_away_loses_nothing(page: Page, normal: Path) -> None:
    enter(page)
    page.tab.wait_for_selector("body[data-state=empty]")
    page.add(normal)
    page.tab.route("**/v1/predictions*", lambda route: route.abort())
    page.add(normal, wait=False)
    page.tab.wait_for_selector("#failed h2")
    assert page.text("#failed h2") == "The server does not answer"
    page.tab.unroute("**/v1/predictions*")
    page.tab.click("#failed button")
    page.tab.wait_for_selector(".film:nth-child(2)[data-outcome=negative]")
    assert page.outcomes == ["negative", "negative"]


def test_a_file_over_the_limit_is_not_sent(page: Page) -> None:
    enter(page)
    page.tab.wait_for_selector("body[data-state=empty]")
    sent: list[str] = []
    page.tab.on("request", lambda request: sent.append(request.method))
    page.add({"name": "large.dcm", "mimeType": "", "buffer": bytes(2**20 + 1)})
    assert page.outcomes == ["unread"]
    assert "larger than is allowed" in page.text("#verdict")
    assert "POST" not in sent
