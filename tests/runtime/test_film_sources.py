"""The Python interface takes films as programs have them, and answers as of their files."""

import math
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from radistill.errors import UsageError
from radistill.runtime.predictor import Predictor
from radistill.schema.prediction import Failure, Prediction

from ..brightness import bundle, films  # noqa: F401


@pytest.fixture
def predictor(bundle: Path) -> Predictor:  # noqa: F811
    return Predictor.load(bundle)


RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 200, (40, 30), dtype=np.uint8)
DEEP = RNG.integers(0, 4096, (40, 30)).astype(np.uint16)
COLOUR = RNG.integers(0, 256, (40, 30, 3), dtype=np.uint8)
ALPHA = np.dstack([COLOUR, GREY])


def answer(predictor: Predictor, film: Any) -> Prediction:
    (result,) = predictor.predict(film)
    assert isinstance(result, Prediction), result
    return result


@pytest.mark.parametrize(
    ("array", "kind"),
    [
        (GREY, "PNG"),
        (GREY, "TIFF"),
        (GREY, "BMP"),
        (GREY, "JPEG"),
        (DEEP, "PNG"),
        (DEEP, "TIFF"),
        (COLOUR, "PNG"),
        (COLOUR, "JPEG"),
        (ALPHA, "PNG"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{value.dtype}-{value.ndim}",
)
def test_the_same_answers_in_every_way(
    predictor: Predictor, tmp_path: Path, array: np.ndarray, kind: str
) -> None:
    file = tmp_path / f"film.{kind.lower()}"
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    Image.fromarray(array).save(file, **({} if kind == "BMP" else {"exif": exif}))
    expected = answer(predictor, file)
    content = file.read_bytes()
    ways: dict[str, Any] = {
        "str": str(file),
        "bytes": content,
        "bytearray": bytearray(content),
        "memoryview": memoryview(content),
        "opened": Image.open(file),
        "opened from memory": Image.open(BytesIO(content)),
    }
    for name, film in ways.items():
        result = answer(predictor, film)
        assert result.probability == expected.probability, name
        assert result.sha256 == expected.sha256, name
    # Not by name: Pillow 13 maps a turned TIFF into memory by its size after turning.
    loaded = Image.open(BytesIO(content))
    loaded.load()
    copied = Image.open(BytesIO(content)).copy()
    opened, fresh = ways["opened from memory"], Image.open(BytesIO(content))
    assert (opened.size, opened.mode) == (fresh.size, fresh.mode), "the caller's is not changed"
    assert np.array_equal(np.asarray(opened), np.asarray(fresh))
    near = 0.002 if kind == "JPEG" and array.ndim == 3 else 1e-9  # colours were rounded
    for film in (loaded, copied):
        assert math.isclose(answer(predictor, film).probability, expected.probability, abs_tol=near)
    if kind != "JPEG":
        turned = np.rot90(array, -1) if kind != "BMP" else array
        assert answer(predictor, turned).probability == expected.probability


@pytest.mark.parametrize(
    "film",
    [
        GREY[..., None],
        GREY.astype(np.int32),
        Image.fromarray(GREY).convert("P"),
        Image.fromarray(GREY).convert("RGB").convert("CMYK"),
    ],
    ids=["a channel", "int32", "palette", "CMYK"],
)
def test_other_kinds_of_the_same_film(predictor: Predictor, film: Any) -> None:
    probability = answer(predictor, film).probability
    assert math.isclose(probability, answer(predictor, GREY).probability, abs_tol=0.002)


def test_several_films_in_order(predictor: Predictor, films: Path) -> None:  # noqa: F811
    file = films / "film 3.png"
    pixels = np.asarray(Image.open(file))
    expected = [result.probability for result in predictor.predict([file] * 4)]
    mixed = predictor.predict([file, file.read_bytes(), Image.open(file), pixels])
    assert [result.probability for result in mixed] == expected
    stack = predictor.predict(np.stack([pixels] * 4))
    assert [result.probability for result in stack] == expected


@pytest.mark.parametrize(
    ("film", "code"),
    [
        (GREY.astype(np.float32), "unsupported"),
        (Image.fromarray(GREY).convert("F"), "unsupported"),
        (DEEP.astype(np.int32) * 100, "unsupported"),
        (b"nothing", "not-an-image"),
        (b"", "empty"),
    ],
)
def test_a_film_that_cannot_be_read_is_a_failure(
    predictor: Predictor, film: Any, code: str
) -> None:
    first, second = predictor.predict([film, GREY])
    assert isinstance(first, Failure)
    assert first.code == code
    assert isinstance(second, Prediction)


@pytest.mark.parametrize(
    "film", [None, 7, np.zeros(9, np.uint8), np.zeros((2, 2, 2, 2, 2)), np.array([["a"]])]
)
def test_what_is_no_film_is_said(predictor: Predictor, film: Any) -> None:
    with pytest.raises(UsageError, match="not a film; give a path"):
        list(predictor.predict([film]))
