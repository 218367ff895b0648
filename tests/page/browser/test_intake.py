"""Films come in by every door."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

from .page import Page

# A paste or a drop as the browser makes it, of one file.
GIVE = """([kind, name, content]) => {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], name, { type: "image/jpeg" }));
  const options = { bubbles: true, cancelable: true };
  const event = kind === "paste"
    ? new ClipboardEvent("paste", { ...options, clipboardData: data })
    : new DragEvent(kind, { ...options, dataTransfer: data });
  document.body.dispatchEvent(event);
}"""


def give(page: Page, kind: str, path: Path) -> None:
    content = base64.b64encode(path.read_bytes()).decode()
    page.tab.evaluate(GIVE, [kind, path.name, content])


def test_dropped_and_pasted_films_are_answered(page: Page, normal: Path, pneumonia: Path) -> None:
    give(page, "dragenter", normal)
    page.tab.wait_for_selector("#veil", state="visible")
    give(page, "drop", normal)
    page.tab.wait_for_selector(".film[data-outcome=negative]")
    page.tab.wait_for_selector("#veil", state="hidden")
    give(page, "paste", pneumonia)
    page.tab.wait_for_selector(".film[data-outcome=positive]")
    assert page.names == [normal.name, pneumonia.name]
    assert page.text("#verdict-title") == "Normal"  # the first film stays on show


def test_a_phone_photographs_with_its_own_camera(
    open_page: Callable[..., Page], pneumonia: Path
) -> None:
    page = open_page(phone=True)
    with page.tab.expect_file_chooser() as chooser:
        page.tab.tap("#camera")
    assert chooser.value.element.get_attribute("capture") == "environment"
    chooser.value.set_files(pneumonia)
    page.tab.wait_for_selector(".film[data-outcome=positive]", state="attached")


def test_a_laptop_photographs_in_the_page(page: Page) -> None:
    """Chromium's own test picture takes the camera's place; it is no film."""
    page.tab.click("#camera")
    page.tab.click("#shoot .primary:enabled")
    page.tab.wait_for_selector(".film[data-outcome=abstain]")
    assert page.names[0].startswith("photo-")
    page.tab.click("#camera")
    page.tab.keyboard.press("Escape")
    assert len(page.names) == 1
