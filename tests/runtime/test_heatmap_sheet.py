"""Heat maps on one picture, named."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFont

from radistill.runtime import heatmap_sheet
from radistill.runtime.heatmap_sheet import COLUMNS, ROWS, TEXT, TILE, Tile, tiles_of, write_sheets


def tiles(folder: Path, count: int, *, name: str = "film.png") -> list[Tile]:
    Image.new("RGB", (300, 330), (200, 30, 30)).save(folder / "map.png")
    return [Tile(folder / "map.png", f"films/{i}-{name}", "normal", 0.25) for i in range(count)]


@pytest.mark.parametrize(("count", "sheets"), [(0, 0), (1, 1), (40, 1), (41, 2), (83, 3)])
def test_every_film_is_on_a_sheet(tmp_path: Path, count: int, sheets: int) -> None:
    files = write_sheets(tmp_path, tiles(tmp_path, count))
    names = ["contact-sheet.png", "contact-sheet-2.png", "contact-sheet-3.png"]
    assert [file.name for file in files] == names[:sheets]
    shown = 0
    for file in files:
        picture = np.asarray(Image.open(file))
        for row in range(picture.shape[0] // (TILE + 3 * TEXT)):
            for column in range(COLUMNS):
                middle = picture[row * (TILE + 3 * TEXT) + TILE // 2, column * TILE + TILE // 2]
                shown += bool(middle.tolist() == [200, 30, 30])
    assert shown == count


def test_sheets_of_more_films_before_are_removed(tmp_path: Path) -> None:
    write_sheets(tmp_path, tiles(tmp_path, COLUMNS * ROWS + 1))
    (tmp_path / "contact-sheet-notes.png").touch()
    assert write_sheets(tmp_path, tiles(tmp_path, 1)) == [tmp_path / "contact-sheet.png"]
    left = {file.name for file in tmp_path.iterdir()}
    assert left == {"contact-sheet.png", "contact-sheet-notes.png", "map.png"}


def test_the_name_is_written_below(tmp_path: Path) -> None:
    for number, name in enumerate(("one.png", "other.png")):
        folder = tmp_path / str(number)
        folder.mkdir()
        write_sheets(folder, tiles(folder, 1, name=name))
    one, other = (np.asarray(Image.open(tmp_path / n / "contact-sheet.png")) for n in "01")
    assert (one[:TILE] == other[:TILE]).all()
    assert (one[TILE:] != other[TILE:]).any()


@pytest.mark.parametrize(
    "name",
    ["film.jpeg", "x" * 300 + "-17.dcm", "Röntgen Jürgen.png", "new\nline.png", "\udcff.png"],
)
def test_names_fit_their_tile(name: str) -> None:
    font = ImageFont.load_default(size=TEXT)
    text = heatmap_sheet._fitting(name, font)
    assert 0 < font.getlength(text) <= TILE
    assert text.isascii()
    assert text.isprintable()
    assert text.endswith(name[-4:])


def test_letters_that_the_font_lacks_are_said_otherwise() -> None:
    font = ImageFont.load_default(size=TEXT)
    assert heatmap_sheet._fitting("Röntgen é.png", font) == "Rontgen e.png"
    assert heatmap_sheet._fitting("甲.png", font) == "\\u7532.png"


def test_results_in_a_file_are_shown_but_failures(tmp_path: Path) -> None:
    records = [
        {"path": "a.png", "heatmap": "maps/1.png", "decision": "normal", "probability": 0.1},
        {"path": "b.png", "error": {"code": "damaged", "message": "no"}},
        {"path": "c.png", "heatmap": None, "decision": "abstain", "probability": 0.5},
    ]
    file = tmp_path / "results.jsonl"
    file.write_text("".join(json.dumps(record) + "\n" for record in records))
    assert list(tiles_of(file)) == [Tile(Path("maps/1.png"), "a.png", "normal", 0.1)]
