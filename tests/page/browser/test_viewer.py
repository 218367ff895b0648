"""The film, its window and the map over it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from .page import Page

# Some rows are enough.
GREY = """film => [...Array(16).keys()].map((row) => [...film.getContext("2d")
  .getImageData(0, row * (film.height >> 4), film.width, 1).data].filter((_, i) => i % 4 === 0))"""
HEAT = """heat => [...heat.getContext("2d").getImageData(0, 0, heat.width, heat.height).data]
  .filter((_, i) => i % 4 === 3)"""


def pixels(page: Page) -> np.ndarray:
    return np.array(page.tab.eval_on_selector(".film-canvas", GREY))


def slide(page: Page, name: str, value: float) -> None:
    page.tab.get_by_label(name, exact=True).fill(str(value))


def test_window_and_level_spread_the_grey_levels(page: Page, pneumonia: Path) -> None:
    page.add(pneumonia)
    page.drawn()
    film = np.asarray(Image.open(pneumonia).convert("L")).astype(float)
    assert np.abs(pixels(page) - film[:: len(film) // 16]).mean() < 1  # another JPEG decoder
    shown = pixels(page).astype(float)
    slide(page, "Window width", 0.5)
    slide(page, "Window level", 0.4)
    expected = np.clip((shown / 255 - 0.15) / 0.5, 0, 1) * 255
    assert np.abs(pixels(page) - expected).max() <= 0.51


def test_the_map_fades_with_its_slider_and_is_where_the_model_looked(
    page: Page, pneumonia: Path
) -> None:
    page.add(pneumonia)
    page.drawn()
    opacity = np.reshape(page.tab.eval_on_selector(".heat-canvas", HEAT), (160, 160))
    assert 20 < opacity.max() <= 153  # 60 % where the map is strongest
    assert opacity.min() == 0
    slide(page, "Heat map", 0.5)
    assert page.tab.eval_on_selector(".heat-canvas", "heat => heat.style.opacity") == "0.5"
    box, film = (page.tab.locator(one).bounding_box() for one in (".heat-canvas", ".film-canvas"))
    assert box == film


def test_zoom_by_keys_wheel_and_double_click(page: Page, normal: Path) -> None:
    page.add(normal)
    page.drawn()
    width = page.tab.locator(".film-canvas").bounding_box()["width"]

    def zoomed() -> float:
        return page.tab.locator(".film-canvas").bounding_box()["width"] / width

    page.tab.focus(".stage")
    page.tab.keyboard.press("+")
    assert round(zoomed(), 2) == 1.25
    left = page.tab.locator(".film-canvas").bounding_box()["x"]
    page.tab.keyboard.press("ArrowRight")
    assert page.tab.locator(".film-canvas").bounding_box()["x"] < left
    page.tab.keyboard.press("0")
    assert zoomed() == 1
    page.tab.dblclick(".stage")
    assert round(zoomed(), 2) == 2.5
    page.tab.get_by_label("Reset the view").click()
    page.tab.locator(".stage").hover()
    page.tab.keyboard.down("Control")
    page.tab.mouse.wheel(0, -200)
    page.tab.keyboard.up("Control")
    page.until(lambda: zoomed() > 1.3)
