"""The page as a reader uses it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, Self

from PIL import Image

from chromium import context as new_context
from chromium import until
from radistill.schema.card import Card, OperatingPoint

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}
OWN_THRESHOLD = 0.9  # set by hand
UNDONE = ".film:is([data-outcome=waiting], [data-outcome=busy])"


def point(card: Card, name: str) -> OperatingPoint:
    return next(each for each in card.operating_points if each.name == name)


def payload(file: Path | dict[str, Any], name: str = "") -> dict[str, Any]:
    """A file as Playwright takes it; of another name if one is given."""
    if isinstance(file, dict):
        return file
    return {"name": name or file.name, "mimeType": "image/jpeg", "buffer": file.read_bytes()}


def blank() -> dict[str, Any]:
    """A picture of one grey: the model abstains."""
    file = BytesIO()
    Image.new("L", (200, 200), 90).save(file, "PNG")
    return {"name": "blank.png", "mimeType": "image/png", "buffer": file.getvalue()}


def broken(film: Path) -> dict[str, Any]:
    """The beginning of a film."""
    return {**payload(film, "-broken.jpeg"), "buffer": film.read_bytes()[:900]}


@dataclass
class Page:
    """A tab.

    elsewhere: requests to other origins. errors: messages of the console.
    expected: parts of the messages that the test causes.
    """

    tab: Any
    context: Any
    url: str
    elsewhere: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    expected: tuple[str, ...] = ()

    @classmethod
    def open(
        cls,
        browser: Any,
        url: str,
        *,
        ready: bool = True,
        phone: bool = False,
        language: str = "en-GB",
        expected: tuple[str, ...] = (),
        **options: Any,
    ) -> Self:
        """ready: wait for the model."""
        shape = {"viewport": DESK}
        if phone:
            shape = {"viewport": PHONE, "is_mobile": True, "has_touch": True}
        context = new_context(browser, locale=language, **shape, **options)
        page = cls(context.new_page(), context, url, expected=expected)
        page.tab.on("request", lambda request: page._note_request(request.url))
        page.tab.on("pageerror", lambda error: page.errors.append(str(error)))
        page.tab.on("console", lambda message: page._note_message(message.type, message.text))
        # Listened to from the start: a chooser that opens before anybody listens is lost.
        page.tab.on("filechooser", lambda _: None)
        if ready:
            page.load()
        return page

    def load(self) -> None:
        self.tab.goto(self.url)
        self.tab.wait_for_selector("body[data-state=empty]")

    def add(self, files: Path | dict[str, Any] | Iterable[Any], *, wait: bool = True) -> None:
        """Choose files, paths or {name, mimeType, buffer}; wait for all answers."""
        given = [files] if isinstance(files, Path | dict) else list(files)
        self.tab.set_input_files("#choose", [payload(file) for file in given])
        self.tab.wait_for_selector(".film", state="attached")
        if wait:
            self.finish()

    def finish(self) -> None:
        self.tab.wait_for_selector(UNDONE, state="detached")

    def drawn(self) -> None:
        """Wait for the selected film's picture."""
        self.tab.wait_for_selector(f".film-canvas[aria-label*={self.text('.verdict-file')!r}]")

    def until(self, condition: Callable[[], object]) -> None:
        until(self.tab, condition)

    def pick(self, number: int) -> None:
        """Select the film at this place, from 1, in the list."""
        self.tab.click(f".film:nth-child({number})")

    def text(self, selector: str) -> str:
        return " ".join(self.tab.inner_text(selector).split())

    @property
    def outcomes(self) -> list[str]:
        return self.tab.eval_on_selector_all(".film", "all => all.map(one => one.dataset.outcome)")

    @property
    def names(self) -> list[str]:
        return self.tab.eval_on_selector_all(
            ".film .film-name", "all => all.map(one => one.textContent)"
        )

    @property
    def reasons(self) -> list[str]:
        return self.tab.eval_on_selector_all(
            ".reasons [data-reason]", "all => all.map(one => one.dataset.reason)"
        )

    def check(self) -> None:
        assert not self.elsewhere
        unexpected = [error for error in self.errors if not any(e in error for e in self.expected)]
        assert not unexpected

    def _note_request(self, url: str) -> None:
        if not url.startswith((self.url, "blob:", "data:")):
            self.elsewhere.append(url)

    def _note_message(self, kind: str, text: str) -> None:
        if kind == "error":
            self.errors.append(text)
