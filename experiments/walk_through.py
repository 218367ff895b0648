"""The pictures of docs/adapt.md: the report at desk and phone width and in print.

    python experiments/walk_through.py RECORDS/report.html docs

RECORDS/report.html is what `make adapt` wrote beside the bundle. Writes adapt-desktop.png,
adapt-phone.png and adapt-print.png, and prints on how many pages of A4 the report prints. Needs
Playwright and a Chromium; its path may stand in $CHROMIUM.
"""

import os
import re
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

DESKTOP, PHONE = {"width": 1120, "height": 1400}, {"width": 390, "height": 844}
PAPER = {"width": 703, "height": 1039}  # what A4 holds between the report's margins, at 96 dpi


def main(report: Path, docs: Path) -> None:
    chromium = (
        os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(report.resolve().as_uri())
        for name, size in (("desktop", DESKTOP), ("phone", PHONE)):
            page.set_viewport_size(size)
            page.screenshot(path=docs / f"adapt-{name}.png")
        print(f"{report}: {pages(page)} pages of A4")
        page.set_viewport_size(PAPER)
        page.emulate_media(media="print")
        page.screenshot(path=docs / "adapt-print.png", full_page=True)


def pages(page: Page) -> int:
    """How many pages the browser prints."""
    printed = page.pdf(format="A4", prefer_css_page_size=True)
    return len(re.findall(rb"/Type\s*/Page[^s]", printed))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
