"""A sheet of sample films, one row a class or subtype."""

import hashlib
from collections import defaultdict
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

from radistill.data.dataset import Dataset
from radistill.data.manifest import UNLABELLED, Film

_TILE = 148  # pixels
_GAP = 4
_TITLE = 22
_WIDEST = 8  # films a row


def sample_grid(dataset: Dataset, n: int) -> bytes:
    """About `n` films as a PNG, shared out evenly over classes and subtypes.

    The choice depends on the films' content only: the same set gives the same sheet.
    Raises DecodeError if a film can no longer be read.
    """
    groups = _groups(dataset)
    columns = min(_WIDEST, max(1, n // len(groups)))
    height = _TITLE + _TILE + _GAP
    sheet = Image.new("L", (columns * (_TILE + _GAP) + _GAP, len(groups) * height + _GAP))
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=14)
    for row, (title, films) in enumerate(groups.items()):
        top = row * height
        pen.text((_GAP, top + 3), f"{title} ({len(films)} films)", fill=230, font=font)
        for column, film in enumerate(_some(films, columns)):
            tile = Image.fromarray(dataset.square(film, _TILE))
            sheet.paste(tile, (_GAP + column * (_TILE + _GAP), top + _TITLE))
    content = BytesIO()
    sheet.save(content, "PNG", optimize=True)
    return content.getvalue()


def _groups(dataset: Dataset) -> dict[str, list[Film]]:
    groups: dict[tuple[int, str], list[Film]] = defaultdict(list)
    for film in dataset.films:
        if film.split != UNLABELLED:
            groups[dataset.classes.index(film.label), film.subtype].append(film)
    return {
        dataset.classes[index] + (f", {subtype}" if subtype else ""): groups[index, subtype]
        for index, subtype in sorted(groups)
    }


def _some(films: list[Film], count: int) -> list[Film]:
    """A fixed choice that is no run of neighbours: in order of a hash, without copies."""
    unlike = {film.sha256: film for film in films}
    order = sorted(unlike, key=lambda sha: hashlib.sha256(sha.encode()).digest())
    return [unlike[sha] for sha in order[:count]]
