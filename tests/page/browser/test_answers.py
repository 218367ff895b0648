"""What the page says of films is what Python says of them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from radistill.runtime.find_bundle import installed
from radistill.schema.card import CARD, Card
from radistill.schema.prediction import Prediction

from ...dicoms import shipped
from ...servers import serving
from ..sure_films import sure
from .page import OWN_THRESHOLD, Page, broken, point


def photo() -> dict[str, object]:
    """A picture that is no film: leaves of grey upon each other, in colour."""
    rng = np.random.default_rng(3)
    pixels = np.full((600, 800, 3), 128, np.uint8)
    for _ in range(300):
        y, x, r = rng.integers(0, 600), rng.integers(0, 800), rng.integers(5, 90)
        pixels[max(0, y - r) : y + r, max(0, x - r) : x + r] = rng.integers(0, 256, 3)
    file = BytesIO()
    Image.fromarray(pixels).save(file, "JPEG")
    return {"name": "cat.jpg", "mimeType": "image/jpeg", "buffer": file.getvalue()}


def dicom_without_ending() -> dict[str, object]:
    """A film of an adult, MONOCHROME1, 15 bits."""
    return {"name": "IM00001", "mimeType": "", "buffer": shipped("RG1_UNCR.dcm")}


def hundred(share: float | None) -> int:
    assert share is not None
    return round(100 * share)


@pytest.mark.parametrize("kind", ["normal", "pneumonia"])
def test_a_film_is_answered_as_python_answers(
    page: Page,
    kind: str,
    request: pytest.FixtureRequest,
    predictions: dict[str, Prediction],
    card: Card,
) -> None:
    path: Path = request.getfixturevalue(kind)
    page.add(path)
    expected = predictions[path.name]
    outcome = "positive" if kind == "pneumonia" else "negative"
    assert page.outcomes == [outcome]
    assert page.text("#verdict-title") == kind.capitalize()
    shown = float(page.text(".verdict-chance b").rstrip("%"))
    assert abs(shown - 100 * expected.probability) <= 1.05
    assert f"{100 * card.threshold:.1f}%" in page.text("#verdict")
    assert "made for: Children from 1 to 6 years" in page.text("#verdict")
    mark = page.tab.eval_on_selector(".scale-mark", "mark => mark.style.left")
    assert abs(float(mark.rstrip("%")) - shown) < 0.06


MEANING = """async (card) => {
  const { meaning } = await import(new URL("app/meaning.js", location.href));
  const setting = { threshold: card.threshold, point: "default" };
  return meaning(card, setting).map((part) => part.textContent).join(" ");
}"""


def test_a_class_that_is_no_known_disease_is_a_label(
    page: Page, pneumonia: Path, card: Card
) -> None:
    """Folders are called sick, positive or 1: nobody has "sick"."""
    page.add(pneumonia)
    values = card.model_dump(mode="json")
    assert "with pneumonia" in page.tab.evaluate(MEANING, values)
    said = page.tab.evaluate(MEANING, values | {"positive": "sick"})
    assert "Of 100 films labelled “sick” it finds about" in said
    assert "Of 100 other films it wrongly marks about" in said


def test_sensitivity_and_specificity_are_said_in_plain_words(
    page: Page, pneumonia: Path, card: Card
) -> None:
    """The card's figures on validation, as of every setting; then those on test."""
    page.add(pneumonia)
    said = page.text("#meaning")
    test = card.figures.test
    default = point(card, "default")
    found, alarms = hundred(default.sensitivity), 100 - hundred(default.specificity)
    low, high = (hundred(1 - end) for end in reversed(default.specificity_ci))
    assert f"Of 100 children with pneumonia it finds about {found}." in said
    assert f"Of 100 children without pneumonia it wrongly suspects about {alarms}." in said
    assert f"95% interval {low} to {high}" in said
    assert f"{test.n} films of patients the model had never seen" in said
    assert f"{hundred(test.recall)} found" in said
    assert f"{100 - hundred(test.specificity)} wrongly suspected" in said
    assert page.tab.locator(".dots .on").count() == found + alarms


def test_a_setting_of_a_lower_threshold_finds_more(page: Page, pneumonia: Path) -> None:
    page.add(pneumonia)
    values = page.tab.locator(".point .point-value").all_inner_texts()
    thresholds = [float(value.rstrip("%")) for value in values]
    assert thresholds == sorted(thresholds)
    found = []
    for choice in page.tab.locator("input[name=point]:not([value=own])").all():
        choice.check()
        found.append(page.tab.locator(".frequency[data-kind=found] .on").count())
        name = choice.locator("xpath=..").inner_text()
        assert "recommended" in name or f"Find about {found[-1]} of 100" in name
    assert found == sorted(found, reverse=True)


def test_another_setting_decides_again_without_running_again(
    page: Page, phantoms: list[Path], predictions: dict[str, Prediction], card: Card
) -> None:
    page.add(phantoms)
    sent: list[str] = []
    page.tab.on("request", lambda request: sent.append(request.url))
    page.tab.check("input[name=point][value='sensitivity-0.9']")
    chosen = point(card, "sensitivity-0.9")
    expected = [
        "positive" if predictions[name].probability >= chosen.threshold else "negative"
        for name in page.names
    ]
    assert page.outcomes == expected
    said = page.text("#meaning")
    assert f"Of 100 children with pneumonia it finds about {hundred(chosen.sensitivity)}." in said
    before = 100 - hundred(point(card, "default").specificity)
    after = 100 - hundred(card.figures.test.specificity)
    assert f"rose from {before} to {after}" in said
    page.tab.check("input[name=point][value=own]")
    page.tab.fill("#own-value", str(OWN_THRESHOLD))
    expected = [
        "positive" if predictions[name].probability >= OWN_THRESHOLD else "negative"
        for name in page.names
    ]
    assert page.outcomes == expected
    assert {"positive", "negative"} <= set(expected)
    assert "Not measured" in page.text("#meaning")
    assert not sent


def test_a_band_around_the_threshold_abstains(
    page: Page, predictions: dict[str, Prediction], card: Card
) -> None:
    near = (card.threshold - 0.15, card.threshold - 0.05)  # within a band of 0.2, not of 0
    film = next(f for f in predictions.values() if near[0] < f.probability < near[1])
    page.add(Path(film.path))
    page.tab.click(".more summary")
    page.tab.select_option(".more select", "0.2")
    assert page.outcomes == ["abstain"]
    assert page.reasons == ["near-threshold"]
    page.tab.select_option(".more select", "0")
    assert page.outcomes == ["negative"]


def test_a_photo_is_not_answered_and_reasons_are_given(page: Page) -> None:
    page.add(photo())
    assert page.text("#verdict-title") == "No answer"
    assert page.reasons
    assert "%" not in page.text("#verdict")
    assert page.tab.locator(".heat-canvas").is_hidden()


def test_a_dicom_without_an_ending_is_shown_and_its_age_refused(page: Page) -> None:
    page.add(dicom_without_ending())
    assert page.outcomes == ["abstain"]
    assert "population-age" in page.reasons
    assert "age is outside" in page.text("#verdict")
    page.drawn()
    size = page.tab.eval_on_selector(".film-canvas", "film => [film.width, film.height]")
    assert min(size) > 500
    page.tab.click(".more summary")
    page.tab.check(".more input[type=checkbox]")
    assert "population-age" not in page.reasons


def test_a_broken_file_among_ten_films_stops_nothing(
    page: Page, phantoms: list[Path], pneumonia: Path
) -> None:
    page.add([*phantoms[:5], broken(pneumonia), *phantoms[5:10]])
    assert page.outcomes[5] == "unread"
    assert len(page.outcomes) == 11
    assert set(page.outcomes[:5] + page.outcomes[6:]) <= {"positive", "negative"}
    page.pick(6)
    assert page.text("#verdict-title") == "Not readable"
    assert "stops before its end" in page.text("#verdict")


@pytest.mark.data
def test_real_films_are_answered_as_python_answers(
    open_page: Callable[..., Page], shared: Path, card: Card
) -> None:
    folder = shared / "data" / "chest_xray" / "test"
    films = [
        path for kind in ("NORMAL", "PNEUMONIA") for path in sorted((folder / kind).iterdir())[:12]
    ]
    expected = sure(films, [card.threshold]).values()
    assert len(expected) >= 16
    page = open_page()
    page.add([Path(film.path) for film in expected])
    kinds = {"normal": "negative", "pneumonia": "positive", "abstain": "abstain"}
    assert page.outcomes == [kinds[film.decision] for film in expected]
    assert set(page.outcomes) >= {"negative", "positive"}


def test_a_model_that_should_not_be_used_says_so_beside_every_answer(
    chromium: Any, normal: Path, tmp_path: Path
) -> None:
    said = "The student learnt nothing: its outputs are nearly constant."
    bundle = shutil.copytree(installed()[0], tmp_path / "bundle")
    values = json.loads((bundle / CARD).read_text())
    values["figures"]["shortfalls"] = [said]
    (bundle / CARD).write_text(json.dumps(values))
    with serving(bundle, "--workers", 1) as server:
        page = Page.open(chromium, f"{server.url}/")
        page.add(normal)
        assert said in page.text("#verdict")
        assert page.outcomes == ["negative"]
        for place in ("#verdict-title", ".film-outcome"):
            assert page.tab.get_attribute(f"{place} use", "href") == "#i-info", "no tick"
        green = page.tab.evaluate(
            "getComputedStyle(document.body).getPropertyValue('--negative').trim()"
        )
        shown = page.tab.evaluate(
            "getComputedStyle(document.querySelector('.verdict')).getPropertyValue('--said').trim()"
        )
        assert green != shown != ""
        page.check()
        page.context.close()
