"""Headless Chromium, driven by Playwright."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from absent import absent
from radistill.page import npm_parts

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",  # containers give it 64 MB
    "--disable-background-networking",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--js-flags=--expose-gc",
]
PATIENCE = 180_000  # milliseconds for anything that a test waits for, also on a machine at work


@contextmanager
def launched() -> Iterator[Any]:
    """A browser; the test is skipped where Playwright or Chromium is missing."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        absent("Playwright is not installed: pip install playwright")
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        absent("Chromium is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS, timeout=PATIENCE)
        yield browser
        browser.close()


def context(browser: Any, **options: Any) -> Any:
    """A new profile."""
    opened = browser.new_context(**options)
    opened.set_default_timeout(PATIENCE)
    return opened


def until(tab: Any, condition: Callable[[], object]) -> None:
    """Wait for it. Playwright's own way needs eval, which the page's policy forbids."""
    end = time.monotonic() + PATIENCE / 1000
    while not condition():
        assert time.monotonic() < end
        tab.wait_for_timeout(50)


def need_npm_parts() -> None:
    """Skip the test where the page's parts from npm are missing."""
    if missing := npm_parts.missing():
        absent(f"the page lacks {missing[0]}: {npm_parts.COMMAND}")
