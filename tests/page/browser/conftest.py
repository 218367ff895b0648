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

from radistill.page import npm_parts
from radistill.page.static_site import write_page
from radistill.phantoms import generate
from radistill.runtime.find_bundle import installed
from radistill.runtime.predictor import Predictor
from radistill.schema.prediction import Prediction

from ...servers import serving
from ...static_page import served
from .chromium import launched
from .page import Page

FILMS = 16


@contextmanager
def from_server() -> Iterator[str]:
    with serving(installed()[0], "--workers", 1) as server:
        yield f"{server.url}/"


@contextmanager
def from_folder() -> Iterator[str]:
    if absent := npm_parts.missing():
        pytest.skip(f"the page lacks {absent[0]}: {npm_parts.COMMAND}")
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
