"""Paths to decisions, against the same sums done by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import radistill
from radistill.errors import UsageError
from radistill.files import sha256
from radistill.imaging import decode, to_square
from radistill.imaging.sandbox.intake import Intake
from radistill.runtime import Failure, Prediction, Predictor
from radistill.runtime.decision import REASONS, Settings, reasons_to_abstain, resolve
from radistill.runtime.prediction_options import PredictionOptions
from radistill.runtime.session import Outputs

from ..brightness import SIDE


@pytest.fixture(scope="module")
def predictor(bundle: Path) -> Predictor:
    return radistill.load(bundle)


def by_hand(film: Path) -> float:
    mean = to_square(decode(film), SIDE).mean() / 255
    return float(1 / (1 + np.exp(-4 * (mean - 0.5))))


def test_predictions_by_hand_in_order(predictor: Predictor, films: Path) -> None:
    files = sorted(films.iterdir())[::-1] * 3  # more than one batch
    results = list(predictor.predict(files))
    assert [result.path for result in results] == [str(file) for file in files]
    for file, result in zip(files, results, strict=True):
        assert isinstance(result, Prediction)
        expected = by_hand(file)
        assert result.probability == pytest.approx(expected, abs=1e-5)
        assert result.label == ("PNEUMONIA" if expected >= 0.5 else "NORMAL")
        assert result.decision == result.label.lower()
        assert result.sha256 == sha256(file.read_bytes())
        assert result.heatmap is None
        assert result.ms > 0


def test_the_record_is_the_contract(predictor: Predictor, films: Path) -> None:
    (result,) = predictor.predict(films / "film 3.png")
    record = json.loads(json.dumps(result.record()))
    assert list(record) == [
        "path",
        "sha256",
        "label",
        "probability",
        "threshold",
        "decision",
        "reasons",
        "heatmap",
        "model",
        "ms",
    ]
    assert list(record["model"]) == ["name", "version", "sha256"]
    assert record["model"]["sha256"] == predictor.card.files["model.onnx"]
    assert record["model"]["version"] == record["model"]["sha256"][:12]  # not the program's


def test_a_bad_file_gives_a_failure_and_the_rest_go_on(predictor: Predictor, films: Path) -> None:
    bad = films / "empty.jpeg"
    bad.touch()
    files = [films / "film 1.png", bad, films / "nowhere.png", films / "film 2.png"]
    results = list(predictor.predict(files))
    assert [type(result) for result in results] == [Prediction, Failure, Failure, Prediction]
    record = results[1].record()
    assert record["path"] == str(bad)
    assert record["error"]["code"] == "empty"


def test_it_is_lazy(predictor: Predictor, films: Path) -> None:
    def endless():  # type: ignore[no-untyped-def]
        while True:
            yield films / "film 0.png"

    results = predictor.predict(endless(), workers=1)
    assert [next(results).path for _ in range(40)]
    results.close()


def test_thresholds_and_operating_points(predictor: Predictor, films: Path) -> None:
    film = films / "film 4.png"
    p = by_hand(film)
    assert next(predictor.predict(film, threshold=p - 0.01)).label == "PNEUMONIA"
    assert next(predictor.predict(film, threshold=p + 0.01)).label == "NORMAL"
    chosen = next(predictor.predict(film, sensitivity=0.95))
    assert chosen.threshold == 0.3
    with pytest.raises(UsageError, match=r"there are: default, sensitivity-0\.95"):
        predictor.predict(film, sensitivity=0.8)
    with pytest.raises(UsageError, match="not both"):
        predictor.predict(film, sensitivity=0.95, threshold=0.2)
    with pytest.raises(UsageError, match=r"threshold: .*less than or equal to 1"):
        predictor.predict(film, threshold=1.5)


def test_the_band_abstains_on_request(predictor: Predictor, films: Path) -> None:
    film = films / "film 5.png"
    p = by_hand(film)
    (result,) = predictor.predict(film, threshold=p + 0.02, band=0.05)
    assert result.decision == "abstain"
    assert result.reasons == ("near-threshold",)
    (result,) = predictor.predict(film, threshold=p + 0.02, band=0.01)
    assert result.decision == "normal"


def test_heat_maps_are_named_by_the_hash_and_show_the_map(
    predictor: Predictor, tmp_path: Path
) -> None:
    """Only the bright quarter is coloured; what the file is called plays no part."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(20, 60, (400, 300), dtype=np.uint8)
    pixels[:200, :150] = 220
    film = tmp_path / "name with %2e%2e and spaces.png"
    Image.fromarray(pixels).save(film)
    (result,) = predictor.predict(film, heatmaps=tmp_path / "maps")
    target = tmp_path / "maps" / f"{sha256(film.read_bytes())[:16]}.png"
    assert result.heatmap == str(target)
    picture = np.asarray(Image.open(target).convert("RGB")).astype(int)
    assert picture.shape[1] == 300
    assert picture.shape[0] > 400  # the caption
    colour = picture[:400].max(axis=2) - picture[:400].min(axis=2)
    assert colour[:120, :90].min() > 20
    assert colour[320:, 240:].max() == 0
    np.testing.assert_array_equal(picture[320:400, 240:, 0], pixels[320:, 240:])


def test_large_films_give_overlays_of_at_most_1024(predictor: Predictor, tmp_path: Path) -> None:
    film = tmp_path / "large.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (1500, 3000), np.uint8)).save(film)
    (result,) = predictor.predict(film, heatmaps=tmp_path / "maps")
    assert Image.open(str(result.heatmap)).width == 1024


def reasons(
    predictor: Predictor,
    squares: list[np.ndarray],
    shapes: list[tuple[int, int]],
    tags: Sequence[dict[str, object]],
    **settings: Any,
) -> list[list[str]]:
    count = len(squares)
    probability = np.tile(np.array([0.1, 0.9], np.float32), (count, 1))
    outputs = Outputs(probability, np.zeros((count, 2, 2)), np.zeros((count, 4)))
    chosen = Settings(threshold=0.5, **settings)
    return reasons_to_abstain(predictor.card, np.stack(squares), shapes, outputs, tags, chosen)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"age_years": 45.0}, "population-age"),
        ({"age_years": 0.2}, "population-age"),
        ({"age_years": None, "age_unreadable": True}, "population-age-unreadable"),
        ({"body_part": "HAND"}, "population-body-part"),
        ({"view": "LL"}, "population-view"),
        ({"modality": "MG"}, "population-modality"),
    ],
)
def test_tags_outside_the_population_abstain(
    predictor: Predictor, change: dict[str, object], reason: str
) -> None:
    tags = {"age_years": 3.0, "body_part": "CHEST", "view": "AP", "modality": "CR"}
    square = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE), dtype=np.uint8)
    films = [square] * 4, [(400, 400)] * 4, [tags, {}, dict.fromkeys(tags), tags | change]
    assert reasons(predictor, *films) == [[], [], [], [reason]]
    assert reasons(predictor, *films, any_population=True) == [[]] * 4
    assert reasons(predictor, *films, band=0.41) == [["near-threshold"]] * 3 + [
        [reason, "near-threshold"]
    ]


@pytest.mark.parametrize(
    ("square", "shape", "reason"),
    [
        (np.full((SIDE, SIDE), 90, np.uint8), (300, 300), "nearly-empty"),
        (np.arange(SIDE * SIDE, dtype=np.uint8).reshape(SIDE, SIDE), (300, 7), "too-small"),
        (
            np.repeat([[0] * 8, [255, 0] * 4], [8, 8], 0).repeat(2, 1).astype(np.uint8),
            (300, 300),
            "cut-off",
        ),
    ],
)
def test_pictures_without_a_film_in_them(
    predictor: Predictor, square: np.ndarray, shape: tuple[int, int], reason: str
) -> None:
    good = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE), dtype=np.uint8)
    shapes = [(300, 300), shape, shape]
    abstained = reasons(predictor, [good, square, square.T], shapes, [{}] * 3)
    assert abstained == [[], [reason], [reason]]


def test_views_are_for_pages_and_no_part_of_the_record(predictor: Predictor, films: Path) -> None:
    film = films / "film 3.png"
    tiff = films / "film.tif"
    Image.open(film).save(tiff)
    settings = replace(resolve(predictor.card, PredictionOptions()), views=True)
    with Intake() as intake:
        plain, drawn = list(predictor.run([film, tiff], settings, intake))
    assert isinstance(plain, Prediction)
    assert isinstance(drawn, Prediction)
    assert plain.view is not None
    assert plain.view.preview is None, "browsers draw PNG themselves"
    assert drawn.view is not None
    assert np.array_equal(drawn.view.preview, decode(film))
    assert drawn.view.cam.shape == (2, 2)
    assert "view" not in drawn.record()


def test_every_reason_has_words() -> None:
    assert all(words and words[0].islower() for words in REASONS.values())


def test_time_and_sketch_are_stored_on_request_alone(films: Path, tmp_path: Path) -> None:
    """By hand: the first eight components of the card's detector, each in its deviations."""
    shipped = radistill.load("pneumonia-children")
    bad = tmp_path / "no-film.png"
    bad.write_bytes(b"nothing")
    paths = [films / "film 3.png", bad]
    plain = [result.record() for result in shipped.predict(paths)]
    assert not any({"time", "sketch"} & {*record} for record in plain)
    before = datetime.now(UTC).replace(microsecond=0)
    film, failure = (result.record() for result in shipped.predict(paths, sketch=True))
    for record in (film, failure):
        assert before <= datetime.fromisoformat(str(record["time"])) <= datetime.now(UTC)
    assert "sketch" not in failure
    side = shipped.card.input_size
    embedding = shipped.bundle.run(to_square(decode(paths[0]), side)[None]).embedding[0]
    known = shipped.card.abstention.detector
    expected = (known.components[:8] @ (embedding - known.mean)) / known.deviations[:8]
    assert film["sketch"] == pytest.approx(expected, abs=0.002)
    assert {*film} - {"time", "sketch"} == {*plain[0]}


def test_a_bundle_without_statistics_stores_the_time(predictor: Predictor, films: Path) -> None:
    (result,) = predictor.predict(films / "film 3.png", sketch=True)
    record = result.record()
    assert "time" in record
    assert "sketch" not in record
