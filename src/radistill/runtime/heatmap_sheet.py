"""Heat maps on one picture, with the name of each film below it."""

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import NamedTuple
from unicodedata import combining

from PIL import Image, ImageDraw, ImageFont

from radistill.files import write_with

COLUMNS, ROWS = 5, 8  # of a sheet; more films take further sheets
TILE, TEXT = 240, 13  # pixels
NAME = "contact-sheet.png"
_OLDER = re.compile(r"contact-sheet(-\d+)?\.png")


class Tile(NamedTuple):
    """A film's heat map, and what is said of the film."""

    heatmap: Path
    film: str
    decision: str
    probability: float


def write_sheets(folder: Path, tiles: Iterable[Tile]) -> list[Path]:
    """Write the sheets of `tiles`, in their order, into `folder`, and remove older ones.

    The first is contact-sheet.png, the others contact-sheet-2.png and so on.
    """
    sheets: list[Path] = []
    remaining = iter(tiles)
    while some := list(islice(remaining, COLUMNS * ROWS)):
        file = folder / (f"{Path(NAME).stem}-{len(sheets) + 1}.png" if sheets else NAME)
        write_with(file, partial(_sheet(some).save, format="PNG"))
        sheets.append(file)
    for file in folder.iterdir():
        if _OLDER.fullmatch(file.name) and file not in sheets:
            file.unlink()
    return sheets


def tiles_of(results: Path) -> Iterator[Tile]:
    """The films with a heat map in a file of JSON lines that `radistill predict` wrote."""
    with results.open(encoding="utf-8") as lines:
        for record in map(json.loads, lines):
            if record.get("heatmap"):
                film, decision = record["path"], record["decision"]
                yield Tile(Path(record["heatmap"]), film, decision, record["probability"])


def _sheet(tiles: Sequence[Tile]) -> Image.Image:
    font = ImageFont.load_default(size=TEXT)
    high = TILE + 3 * TEXT  # two lines of text
    rows = -(-len(tiles) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * TILE, rows * high))
    draw = ImageDraw.Draw(sheet)
    for place, tile in enumerate(tiles):
        left, top = place % COLUMNS * TILE, place // COLUMNS * high
        with Image.open(tile.heatmap) as picture:
            picture.thumbnail((TILE - 4, TILE - 4))
            sheet.paste(picture, (left + (TILE - picture.width) // 2, top))
        said = f"{tile.decision} {tile.probability:.2f}"
        for line, text in enumerate((_fitting(Path(tile.film).name, font), said)):
            draw.text((left + 2, top + TILE + line * 1.3 * TEXT), text, "white", font)
    return sheet


def _fitting(name: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """As much of a name as a tile is wide: its beginning, and its end, which tells files apart.

    Without accents, and other letters escaped: Pillow's own font has ASCII alone.
    """
    plain = (char for char in unicodedata.normalize("NFKD", name) if not combining(char))
    name = "".join(
        char if " " <= char <= "~" else char.encode("unicode_escape").decode() for char in plain
    )
    for kept in range(len(name), 0, -1):
        text = name if kept == len(name) else f"{name[: kept // 2]}...{name[-(kept - kept // 2) :]}"
        if font.getlength(text) <= TILE - 4:
            return text
    return ""
