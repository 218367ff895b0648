"""Five languages: the same messages in each, and English where one is missing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from radistill.imaging.refusal import Code
from radistill.page import WEB
from radistill.runtime.decision import REASONS

from .page import Page

LANGUAGES = ("en", "fr", "es", "pt", "sw")
OF_PATHS = {Code.MISSING, Code.NOT_A_FILE, Code.NO_ACCESS, Code.CHANGED}  # no browser meets them


def messages(language: str) -> dict[str, Any]:
    return json.loads((WEB / "locales" / f"{language}.json").read_text("utf-8"))


def names(message: str | dict[str, str]) -> set[str]:
    forms = [message] if isinstance(message, str) else message.values()
    return {name for form in forms for name in re.findall(r"\{(\w+)\}", form)}


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_every_language_has_every_message(language: str) -> None:
    english, translated = messages("en"), messages(language)
    assert list(translated) == list(english)
    for key, message in english.items():
        assert names(translated[key]) == names(message), key
        assert isinstance(translated[key], str) == isinstance(message, str), key


def test_every_reason_and_error_has_words() -> None:
    english = messages("en")
    assert {f"reason.{reason}" for reason in REASONS} <= set(english)
    assert {f"error.{code}" for code in set(Code) - OF_PATHS} <= set(english)


def test_every_message_is_used_and_every_used_one_is_there() -> None:
    source = "".join(path.read_text("utf-8") for path in (WEB / "app").glob("*.js"))
    source += (WEB / "index.html").read_text("utf-8")
    named = set(re.findall(r'(?:\bt\(|data-t="|data-t-label=")"?([a-z][\w.-]*[a-z])"', source))
    assert named <= set(messages("en")), "a message that is not there"
    for key in messages("en"):
        made = (f"`{key[:at]}.${{" in source for at, letter in enumerate(key) if letter == ".")
        assert f'"{key}"' in source or any(made), key


@pytest.mark.parametrize(
    ("wanted", "lang", "title"),
    [
        ("sw-KE", "sw", "Ongeza eksirei ya kifua"),
        ("de-DE", "en", "Add a chest film"),
    ],
)
def test_the_browser_chooses_the_language(
    open_page: Callable[..., Page], wanted: str, lang: str, title: str
) -> None:
    page = open_page(language=wanted)
    assert page.tab.get_attribute("html", "lang") == lang
    assert page.text("h1") == title
    note = page.tab.locator("#fallback")
    assert note.is_visible() == (wanted == "de-DE")
    if wanted == "de-DE":
        assert "not available in German" in page.text("#fallback")


def test_another_language_changes_words_numbers_and_plurals_at_once(
    open_page: Callable[..., Page], pneumonia: Path
) -> None:
    page = open_page()
    page.add([pneumonia, pneumonia])
    page.tab.select_option("#language", "pt")
    assert page.text("#verdict-title") == "Pneumonia"
    # The numbers follow a frame later.
    page.tab.locator(".verdict-chance b", has_text=re.compile(r"\d,\d")).wait_for()
    assert page.text(".worklist-sum") == "2 radiografias"
    assert re.search(
        r"De 100 crianças com pneumonia, encontra cerca de \d+\.", page.text("#meaning")
    )
    page.tab.click("#open-card")
    assert "A ficha foi escrita em inglês." in page.text("#card")
    assert page.tab.get_attribute(".readme", "lang") == "en"
    page.tab.keyboard.press("Escape")
    page.load()
    assert page.tab.get_attribute("html", "lang") == "pt"  # kept


def test_missing_messages_are_shown_in_english_and_said_so(open_page: Callable[..., Page]) -> None:
    page = open_page(ready=False, language="es-MX", service_workers="block")
    some = {key: text for key, text in messages("es").items() if key != "intake.title"}
    page.tab.route("**/locales/es.json", lambda route: route.fulfill(json=some))
    page.load()
    assert page.text("h1") == "Add a chest film"
    assert page.text("#choose-label") == "Elegir"
    assert "Some texts are not available in Español" in page.text("#fallback")


def test_a_language_that_does_not_load_is_english_with_a_note(
    open_page: Callable[..., Page],
) -> None:
    page = open_page(ready=False, language="fr-FR", service_workers="block", expected=("404",))
    page.tab.route("**/locales/fr.json", lambda route: route.fulfill(status=404))
    page.load()
    assert page.tab.get_attribute("html", "lang") == "en"
    assert "not available in French" in page.text("#fallback")
