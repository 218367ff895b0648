"""The documentation site: it builds without a warning, loads nothing from elsewhere, links nowhere
that is not there, and names every command and setting."""

from __future__ import annotations

import html
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from absent import absent
from radistill.cli.commands import COMMANDS
from radistill.config import StudyConfig

ROOT = Path(__file__).resolve().parents[1]
# Tags that load what they name; of <link>, those that do (not rel=next and the like).
LOADS = {"script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src"}
LOADED = {"stylesheet", "icon", "preload", "prefetch", "manifest", "shortcut", "modulepreload"}


class Page(HTMLParser):
    """What a page loads, where it links to, and the anchors in it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.anchors |= {values[name] for name in ("id", "name") if name in values}
        if tag in LOADS and LOADS[tag] in values:
            self.loads.append(values[LOADS[tag]])
        if tag == "link" and LOADED & set(values.get("rel", "").split()):
            self.loads.append(values["href"])
        if tag == "a" and "href" in values:
            self.links.append(values["href"])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    try:
        import furo  # noqa: F401
        import myst_parser  # noqa: F401
    except ImportError:
        absent("the site's tools are not installed: pip install -c constraints.txt '.[docs]'")
    folder = tmp_path_factory.mktemp("the site")
    command = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--keep-going", "--quiet"]
    environment = os.environ | {"FORCE_COLOR": "1"}  # what a CI server may set
    done = subprocess.run(
        [*command, str(ROOT / "docs"), str(folder)], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    return {path: Page(path) for path in sorted(site.rglob("*.html"))}


def test_every_page_of_docs_is_on_the_site(site: Path, pages: dict[Path, Page]) -> None:
    sources = (ROOT / "docs").rglob("*.md")
    expected = {site / path.relative_to(ROOT / "docs").with_suffix(".html") for path in sources}
    assert len(expected) > 25
    assert expected <= set(pages)


def test_nothing_is_loaded_from_elsewhere(site: Path, pages: dict[Path, Page]) -> None:
    def elsewhere(address: str) -> bool:
        return bool(urlsplit(address).netloc)

    assert [
        (path, one) for path, page in pages.items() for one in page.loads if elsewhere(one)
    ] == []
    for sheet in site.rglob("*.css"):
        text = sheet.read_text("utf-8")
        named = re.findall(r"url\(\s*['\"]?([^'\")]+)|@import\s+['\"]([^'\"]+)", text)
        assert [one for pair in named for one in pair if elsewhere(one)] == []


def dead(path: Path, page: Page, pages: dict[Path, Page]) -> Iterator[str]:
    for address in (*page.links, *page.loads):
        parts = urlsplit(address)
        if parts.scheme:
            continue
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        anchors = pages[target].anchors if target in pages else set()
        missing = parts.fragment and target in pages and unquote(parts.fragment) not in anchors
        if missing or not target.exists():
            yield address


def test_no_link_is_dead(pages: dict[Path, Page]) -> None:
    assert [
        (path.name, one) for path, page in pages.items() for one in dead(path, page, pages)
    ] == []


def test_a_dead_link_would_be_seen(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text('<a href="#here"></a><a href="#gone"></a><img src="gone.png"><p id="here">')
    page = Page(path)
    assert list(dead(path, page, {path: page})) == ["#gone", "gone.png"]


def test_every_command_stands_there_at_eighty_columns(site: Path) -> None:
    text = (site / "reference/commands.html").read_text("utf-8")
    assert [name for name in COMMANDS if f'id="radistill-{name}"' not in text] == []
    listings = "".join(re.findall(r"<pre>(.*?)</pre>", text, re.DOTALL))
    shown = html.unescape(re.sub(r"<[^>]+>", "", listings))
    assert "\x1b" not in shown
    assert 60 < max(map(len, shown.splitlines())) <= 80


def test_every_setting_stands_there_and_says_what_it_is(site: Path) -> None:
    text = (site / "reference/configuration.html").read_text("utf-8")
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", text, re.DOTALL)
    cells = [
        [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<td.*?</td>", row, re.S)]
        for row in rows
    ]
    settings = {row[0]: row for row in cells if row}
    sections = StudyConfig().model_dump()
    expected = {
        f"{section}.{key}" if isinstance(values, dict) else section
        for section, values in sections.items()
        for key in (values if isinstance(values, dict) else [""])
    }
    assert expected <= set(settings)
    assert [key for key, row in settings.items() if len(row) != 4 or not all(row)] == []


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_files_that_are_linked_beside_the_site_are_there(name: str) -> None:
    links = re.findall(r"\]\(([^)#\s]+)", (ROOT / name).read_text("utf-8"))
    files = [unquote(link) for link in links if not urlsplit(link).scheme]
    assert [file for file in files if not (ROOT / file).exists()] == []


def test_the_readme_is_short_and_names_no_installation_from_an_index() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert len(text.splitlines()) <= 125
    for page in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        assert not re.search(r"pip install ['\"]?radistill", page.read_text("utf-8")), page
