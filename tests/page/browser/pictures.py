"""Draw the page's icons, and take the pictures of docs/page.md.

`python -m tests.page.browser.pictures` in the checkout. The films are phantoms, so that nobody's
chest is in the documentation.
"""

from __future__ import annotations

import base64
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image

from chromium import launched
from radistill.phantoms import generate
from radistill.runtime.find_bundle import installed
from radistill.runtime.predictor import Predictor

from ...servers import serving
from .page import Page, blank

ROOT = Path(__file__).resolve().parents[3]
ICONS = ROOT / "src/radistill/page/web/icons"
GROUND = "#0b5f5b"
# name: side, and the share of it that the picture takes (a mask cuts off the rest)
SIZES = {
    "icon-180": (180, 1.0),
    "icon-192": (192, 1.0),
    "icon-512": (512, 1.0),
    "icon-maskable-512": (512, 0.75),
}


def icons(browser: Any) -> None:
    drawing = base64.b64encode((ICONS / "icon.svg").read_bytes()).decode()
    for name, (side, share) in SIZES.items():
        tab = browser.new_page(viewport={"width": side, "height": side})
        whole = name in ("icon-180", "icon-maskable-512")  # these may not be see-through
        tab.set_content(
            f'<body style="margin:0;height:100vh;display:grid;place-items:center;'
            f'background:{GROUND if whole else "none"}">'
            f'<img width="{side * share}" src="data:image/svg+xml;base64,{drawing}">'
        )
        tab.screenshot(path=ICONS / f"{name}.png", omit_background=True)
        tab.close()


def chosen(folder: Path) -> list[Path]:
    """A film that shows the map well first, then some of each answer."""
    generate(folder, 24, seed=0)
    paths = sorted(folder.glob("t*/*/*.jpeg"))
    results = dict(zip(paths, Predictor.load(installed()[0]).predict(paths), strict=True))
    positive = [path for path in paths if results[path].decision == "pneumonia"]
    normal = [path for path in paths if results[path].decision == "normal"]
    sick = [path for path in positive if "PNEUMONIA" in path.parts]
    return [*sick[:2], *normal[:2], *sick[2:4]]


def pictures(browser: Any, url: str, films: list[Path]) -> None:
    for name, options, extra in (
        ("page-desktop", {}, [blank()]),
        ("page-desktop-dark", {"color_scheme": "dark"}, [blank()]),
        ("page-phone", {"phone": True, "language": "fr-FR"}, []),
    ):
        page = Page.open(browser, url, device_scale_factor=1, **options)
        page.add([*films, *extra] if extra else films[0])
        page.drawn()
        target = ROOT / "docs" / f"{name}.png"
        page.tab.screenshot(path=target)
        Image.open(target).quantize(256).save(target, optimize=True)  # a third of the bytes
        page.context.close()


def main() -> None:
    with launched() as browser, tempfile.TemporaryDirectory() as folder:
        icons(browser)
        films = chosen(Path(folder) / "films")
        with serving(installed()[0]) as server:
            pictures(browser, f"{server.url}/", films)


if __name__ == "__main__":
    main()
