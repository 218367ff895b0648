"""Chromium, the page in it, and films whose answers Python gives as well.

Every test of a page runs on each of `PAGES`, without a server among the slow ones. Whatever a test
does, the page may ask for nothing but its own files, and may log no error.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from chromium import launched, need_npm_parts
from radistill.page.static_site import write_page
from radistill.phantoms import generate
from radistill.runtime.find_bundle import find_bundle, installed
from radistill.schema.card import CARD, Card, read_card
from radistill.schema.prediction import Prediction

from ...servers import serving
from ...static_page import served
from ..sure_films import sure
from .page import OWN_THRESHOLD, Page, point

MADE, NORMAL, PNEUMONIA = 160, 6, 10  # phantoms made, and how many of each answer are used


@contextmanager
def from_server() -> Iterator[str]:
    with serving(installed()[0], "--workers", 1) as server:
        yield f"{server.url}/"


@contextmanager
def from_folder() -> Iterator[str]:
    need_npm_parts()
    with tempfile.TemporaryDirectory() as scratch:
        write_page(Path(scratch) / "page", installed()[0])
        with served(Path(scratch) / "page") as url:
            yield url


PAGES: dict[str, Callable[[], Any]] = {"server": from_server, "static": from_folder}
ON_BOTH = ["server", pytest.param("static", marks=pytest.mark.slow)]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "page_url" in metafunc.fixturenames:
        alone = metafunc.module.__name__.endswith("test_static")
        metafunc.parametrize(
            "page_url", ["static"] if alone else ON_BOTH, indirect=True, scope="module"
        )


# A module, not the session: Playwright keeps an event loop running, in which nobody else's can run.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def page_url(request: pytest.FixtureRequest, chromium: Any) -> Iterator[str]:
    """The address of the page with the shipped bundle."""
    with PAGES[request.param]() as url:
        yield url


@pytest.fixture
def open_page(chromium: Any, page_url: str) -> Iterator[Callable[..., Page]]:
    """Open the page in a new profile; see `Page.open` for the options."""
    opened: list[Page] = []

    def make(*, ready: bool = True, **options: Any) -> Page:
        opened.append(Page.open(chromium, page_url, ready=ready, **options))
        return opened[-1]

    yield make
    for page in opened:
        page.check()
        page.context.close()


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    return open_page()


@pytest.fixture(scope="session")
def card() -> Card:
    """Of the student that ships."""
    return read_card(find_bundle(None) / CARD)


@pytest.fixture(scope="session")
def predictions(tmp_path_factory: pytest.TempPathFactory, card: Card) -> dict[str, Prediction]:
    """Phantoms that Python answers, far from every threshold that a test sets, by file name."""
    folder = tmp_path_factory.mktemp("phantoms") / "films"
    generate(folder, MADE, seed=0)
    paths = sorted(path for split in ("train", "test") for path in folder.glob(f"{split}/*/*"))
    thresholds = [card.threshold, point(card, "sensitivity-0.9").threshold, OWN_THRESHOLD]
    films = sure(paths, thresholds)
    chosen = [
        name
        for decision, count in (("normal", NORMAL), ("pneumonia", PNEUMONIA))
        for name in [name for name, film in films.items() if film.decision == decision][:count]
    ]
    assert len(chosen) == NORMAL + PNEUMONIA
    return {name: films[name] for name in sorted(chosen)}


@pytest.fixture(scope="session")
def phantoms(predictions: dict[str, Prediction]) -> list[Path]:
    return [Path(film.path) for film in predictions.values()]


@pytest.fixture(scope="session")
def normal(predictions: dict[str, Prediction]) -> Path:
    return next(Path(film.path) for film in predictions.values() if film.decision == "normal")


@pytest.fixture(scope="session")
def pneumonia(predictions: dict[str, Prediction]) -> Path:
    return next(Path(film.path) for film in predictions.values() if film.decision == "pneumonia")
