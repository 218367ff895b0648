"""Without a mouse, without sight, on a small screen."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from absent import absent

from .page import Page, blank, broken

ROOT = Path(__file__).resolve().parents[3]
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = """async (tags) => (await axe.run({ runOnly: tags })).violations.map(
  ({ id, nodes }) => `${id}: ${nodes.map(({ html, any }) =>
    `${html.slice(0, 120)} ${any.map(({ message }) => message).join()}`).join(" | ")}`)"""


@pytest.fixture(scope="session")
def axe() -> str:
    """axe-core, of `npm ci` in the checkout or where NODE_PATH says."""
    folders = [str(ROOT / "node_modules"), *os.environ.get("NODE_PATH", "").split(os.pathsep)]
    for folder in filter(None, folders):
        script = Path(folder) / "axe-core" / "axe.min.js"
        if script.is_file():
            return script.read_text("utf-8")
    absent("axe-core is not installed: npm ci")


@pytest.mark.parametrize(
    ("scheme", "phone", "language"),
    [
        ("light", False, "en-GB"),
        pytest.param("dark", True, "sw-TZ", marks=pytest.mark.slow),
    ],
)
def test_axe_finds_nothing(
    open_page: Callable[..., Page],
    axe: str,
    scheme: str,
    phone: bool,
    language: str,
    pneumonia: Path,
    normal: Path,
) -> None:
    """On the empty page, with each kind of answer, and in each dialog."""
    page = open_page(color_scheme=scheme, phone=phone, language=language, bypass_csp=True)
    page.tab.evaluate(axe)

    def violations() -> list[str]:
        return page.tab.evaluate(RUN, WCAG)

    assert violations() == []
    page.add([pneumonia, normal, broken(pneumonia), blank()])
    for number, outcome in enumerate(["positive", "negative", "unread", "abstain"], 1):
        page.pick(number)
        assert page.tab.get_attribute("#verdict", "data-outcome") == outcome
        assert violations() == []
    page.tab.check("input[name=point][value=own]")
    page.tab.click(".more summary")
    assert violations() == []
    page.tab.click("#open-card")
    assert violations() == []
    page.tab.keyboard.press("Escape")
    page.tab.click(".worklist-foot button:last-child")
    assert violations() == []


def test_everything_works_by_keyboard(page: Page, phantoms: list[Path]) -> None:
    press = page.tab.keyboard.press

    def tab_to(selector: str) -> None:
        for _ in range(40):
            press("Tab")
            if page.tab.evaluate("s => document.activeElement.matches(s)", selector):
                return
        raise AssertionError(f"Tab does not reach {selector}")

    press("Tab")
    assert page.tab.evaluate("document.activeElement.className") == "skip"
    press("Enter")
    page.tab.wait_for_selector("main:focus")
    tab_to("#choose")
    with page.tab.expect_file_chooser() as chooser:
        press("Enter")
    chooser.value.set_files(phantoms[:6])
    page.tab.wait_for_selector(".film")
    page.finish()
    names = page.names
    tab_to(".film")
    press("ArrowDown")
    press("ArrowDown")
    assert page.text(".verdict-file") == names[2]
    press("End")
    assert page.text(".verdict-file") == names[5]
    press("Delete")
    assert page.names == names[:5]
    assert page.tab.evaluate("document.activeElement.className") == "film"
    tab_to(".stage")
    outline = page.tab.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    tab_to("input[name=point]")
    press("ArrowDown")
    assert page.tab.locator("input[name=point]:checked").input_value() != "default"
    tab_to(".more summary")
    press("Enter")
    tab_to(".more select")


def test_answers_are_announced(page: Page, normal: Path, phantoms: list[Path]) -> None:
    page.add(normal)
    assert "Normal" in page.text("#live")
    page.add(phantoms[:6])
    page.tab.wait_for_selector("#live:has-text('7 of 7 films done')", state="attached")


CUT = """() => [...document.querySelectorAll("button, h2, .point span, .filter, label")]
  .filter((one) => one.checkVisibility() && one.scrollWidth > one.clientWidth + 1
    && getComputedStyle(one).display !== "inline" && !one.matches(".quiet, .language, .hidden"))
  .map((one) => one.textContent)"""


OUTSIDE = """() => [...document.querySelectorAll("main section *")]
  .filter((one) => one.checkVisibility() && !one.closest(".stage, .hidden, svg, h1")
    && one.getBoundingClientRect().right > one.closest("section").getBoundingClientRect().right + 1)
  .map((one) => one.outerHTML.slice(0, 80))"""


@pytest.mark.parametrize("width", [320, 1200])
def test_nothing_sticks_out_in_any_language(
    open_page: Callable[..., Page], pneumonia: Path, width: int
) -> None:
    """320 pixels is what WCAG 1.4.10 asks for."""
    page = open_page(phone=width < 400)
    page.tab.set_viewport_size({"width": width, "height": 800})
    page.add([pneumonia, blank()])
    for language in ("en", "fr", "es", "pt", "sw"):
        page.tab.select_option("#language", language)
        page.tab.wait_for_selector(f"html[lang={language}]")
        assert page.tab.evaluate("document.documentElement.scrollWidth") == width
        assert page.tab.evaluate(CUT) == []
        assert page.tab.evaluate(OUTSIDE) == []
    assert page.tab.locator(".notice:visible").count() == 1


@pytest.mark.parametrize("system", ["light", "dark"])
def test_colours_follow_the_choice_and_else_the_system(
    open_page: Callable[..., Page], system: str
) -> None:
    tab = open_page(color_scheme=system).tab

    def background() -> str:
        return str(tab.evaluate("getComputedStyle(document.body).backgroundColor"))

    as_the_system = background()
    tab.click("#theme")  # system, then light, then dark
    light = background()
    tab.click("#theme")
    dark = background()
    assert light != dark
    assert as_the_system == {"light": light, "dark": dark}[system]
    tab.emulate_media(media="print")
    assert tab.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
    tab.emulate_media(media="screen")
    tab.reload()
    assert background() == dark
    tab.click("#theme")
    assert background() == as_the_system
    other = "dark" if system == "light" else "light"
    tab.emulate_media(color_scheme=other)
    tab.locator(f"html[data-scheme={other}]").wait_for(state="attached")  # a frame later
    assert background() == {"light": light, "dark": dark}[other]
