"""The page without a server, as a reader uses it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ...dicoms import shipped
from .page import Page, payload


@pytest.mark.slow
def test_on_a_phone_off_line_it_answers_films_and_dicom(
    open_page: Callable[..., Page], pneumonia: Path, normal: Path
) -> None:
    """After one visit everything is there: also decoders that no film has asked for yet."""
    page = open_page(phone=True)
    page.tab.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.context.set_offline(True)
    page.load()
    dicom = {"name": "IM00001", "mimeType": "", "buffer": shipped("RG1_J2KR.dcm")}
    page.add([payload(normal), payload(pneumonia), dicom])
    assert page.outcomes == ["negative", "positive", "abstain"]
    page.pick(3)
    page.drawn()
    size = page.tab.eval_on_selector(".film-canvas", "film => [film.width, film.height]")
    assert min(size) > 500
    wide = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    assert page.tab.evaluate(wide)
