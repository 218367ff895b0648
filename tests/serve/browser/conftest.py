"""Chromium, the page in it, and films whose answers Python gives as well.

Every test of a page runs on each of `PAGES`. Whatever a test does, the page may ask for nothing
but its own files, and may log no error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from radistill.data.phantom import generate
from radistill.runtime.find import installed
from radistill.runtime.prediction import Prediction
from radistill.runtime.predictor import Predictor

from ...servers import serving
from .chromium import launched
from .page import Page

FILMS = 16


@contextmanager
def from_server() -> Iterator[str]:
    with serving(installed()[0], "--workers", 1) as server:
        yield f"{server.url}/"


PAGES: dict[str, Callable[[], Any]] = {"server": from_server}


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    with launched() as browser:
        yield browser


@pytest.fixture(scope="session", params=list(PAGES))
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
def phantoms(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("phantoms") / "films"
    generate(folder, FILMS, seed=0)
    return sorted(path for split in ("train", "test") for path in folder.glob(f"{split}/*/*"))


@pytest.fixture(scope="session")
def told(phantoms: list[Path]) -> dict[str, Prediction]:
    """What Python says of each phantom, by its file's name."""
    results = Predictor.load(installed()[0], threads=1).predict(phantoms, workers=1)
    return {Path(result.path).name: result for result in results if isinstance(result, Prediction)}


@pytest.fixture(scope="session")
def normal(phantoms: list[Path], told: dict[str, Prediction]) -> Path:
    return next(path for path in phantoms if told[path.name].decision == "normal")


@pytest.fixture(scope="session")
def pneumonia(phantoms: list[Path], told: dict[str, Prediction]) -> Path:
    return next(path for path in phantoms if told[path.name].decision == "pneumonia")
