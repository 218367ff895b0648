"""Many films: order, filters, stopping, saving, and memory."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from radistill.runtime.writer import COLUMNS
from radistill.schema.prediction import Prediction

from .page import Page, broken, payload

MANY = 200
STOP_AT_THE_FIRST = """() => new MutationObserver((_, watch) => {
  if (!document.querySelector(".film[data-outcome=negative]")) return;
  watch.disconnect();
  document.querySelector(".progress button").click();
}).observe(document.body, { subtree: true, attributeFilter: ["data-outcome"] })"""


def test_films_are_ordered_filtered_and_removed(
    page: Page, phantoms: list[Path], predictions: dict[str, Prediction]
) -> None:
    page.add(phantoms)
    page.tab.select_option(".order select", "highest")
    chances = [predictions[name].probability for name in page.names]
    assert chances == sorted(chances, reverse=True)
    page.tab.select_option(".order select", "name")
    assert page.names[0].startswith("IM-0")
    normals = [name for name in page.names if predictions[name].decision == "normal"]
    page.tab.click("[data-filter=negative]")
    assert page.names == normals
    assert page.text("[data-filter=negative] b") == str(len(normals))
    page.tab.click("[data-filter=all]")
    before = page.names
    page.pick(3)
    page.tab.click("[aria-label='Remove this film']")
    assert page.names == before[:2] + before[3:]
    page.tab.click(".worklist-foot button:last-child")
    assert "Remove all 15 films?" in page.text("#ask")
    page.tab.click("#ask button[value=yes]")
    page.tab.wait_for_selector("body[data-state=empty]")
    assert page.tab.locator("#worklist").is_hidden()


def test_the_csv_has_the_columns_of_predict_and_runs_no_formula(
    page: Page, normal: Path, predictions: dict[str, Prediction]
) -> None:
    names = ["=HYPERLINK(0).jpeg", 'a "b", c.jpeg', "@SUM(1).jpeg"]
    page.add([*(payload(normal, name) for name in names), broken(normal)])
    with page.tab.expect_download() as download:
        page.tab.click(".worklist-foot button:first-child")
    text = Path(download.value.path()).read_text("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert tuple(rows[0]) == COLUMNS
    expected_names = [f"'{names[0]}", names[1], f"'{names[2]}", "'-broken.jpeg"]
    assert [row["path"] for row in rows] == expected_names
    expected = predictions[normal.name]
    assert rows[1]["sha256"] == expected.sha256
    assert abs(float(rows[1]["probability"]) - expected.probability) <= 0.01
    assert rows[1]["decision"] == "normal"
    assert rows[3]["error_code"] == "truncated"


def test_stopping_leaves_the_rest_and_going_on_does_it(page: Page, normal: Path) -> None:
    page.tab.evaluate(STOP_AT_THE_FIRST)
    page.add([payload(normal, f"{i}.jpeg") for i in range(24)])
    assert "stopped" in page.outcomes
    page.tab.click(".progress button")
    page.tab.wait_for_selector(".film[data-outcome=stopped]", state="detached")
    page.finish()
    assert page.outcomes == ["negative"] * 24
    assert page.tab.locator(".progress").is_hidden()


@pytest.mark.slow
def test_two_hundred_films_take_no_more_memory_than_a_hundred(page: Page, normal: Path) -> None:
    """Each film is read into pixels of some megabytes; none of them may stay.

    The JavaScript heap, after a collection, may grow by a film's row and record alone.
    """
    heap = []
    for turn in range(3):
        films = [payload(normal, f"{turn}-{i}.jpeg") for i in range(MANY // 2)]
        page.add(films)
        heap.append(page.tab.evaluate("(gc(), performance.memory.usedJSHeapSize)"))
    assert len(page.outcomes) == 3 * MANY // 2
    assert heap[2] - heap[1] < MANY // 2 * 40_000
