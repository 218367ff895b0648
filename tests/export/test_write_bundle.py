"""A bundle is written whole or not at all, and reads back as it was measured."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from radistill.data.training_films import TrainingFilms
from radistill.errors import RadistillError
from radistill.export import write_bundle as b
from radistill.export.graph import ExportedModel
from radistill.export.model_card import model_card
from radistill.export.onnx import export_onnx
from radistill.metrics.calibration import calibrate
from radistill.models import GreyClassifier
from radistill.runtime import Bundle, Card
from radistill.runtime.find_bundle import find_bundle
from radistill.schema.calibrated import CalibrationMap
from radistill.schema.card import TrainingData, read_card

Films = tuple[np.ndarray, np.ndarray]
SHIPPED = read_card(find_bundle("pneumonia-children") / "card.json").figures
GROUP = SHIPPED.groups[0].model_copy(update={"specificity": None, "specificity_ci": None})
FIGURES = SHIPPED.model_copy(
    update={
        "test": SHIPPED.test.model_copy(update={"auc": 0.9876, "auc_ci": (0.97, 0.99)}),
        "operating_points": (
            SHIPPED.operating_points[0].model_copy(update={"rule": "sensitivity=0.95"}),
            *SHIPPED.operating_points[1:],
        ),
        "groups": (
            GROUP.model_copy(
                update={
                    "group": "bac|teria",
                    "n": 20,
                    "patients": 15,
                    "auc": 0.98,
                    "auc_ci": (0.96, 0.99),
                    "recall": 0.9,
                    "recall_ci": (0.7, 0.97),
                }
            ),
            GROUP.model_copy(
                update={
                    "group": "virus",
                    "n": 9,
                    "patients": 7,
                    "auc": 0.9,
                    "auc_ci": None,
                    "recall": 8 / 9,
                    "recall_ci": None,
                }
            ),
        ),
    }
)
SPEC = b.BundleSpec(
    classes=("NORMAL", "PNEUMONIA"),
    positive="PNEUMONIA",
    input_size=32,
    threshold=0.4,
    architecture="tiny",
    training_data=TrainingData(
        name="some films", counts={"train": {"NORMAL": 30, "PNEUMONIA": 30}}
    ),
    figures=FIGURES,
    notes=("Patients were not known.",),
)

PATIENTS = tuple(map(str, range(60)))


def split(squares: np.ndarray, truth: np.ndarray) -> b.BundleFilms:
    return b.BundleFilms(squares, truth, PATIENTS[: len(squares)])


TRAINED_ON = TrainingFilms(frozenset({bytes(range(40)), bytes(40)}))


@pytest.fixture(scope="module")
def exported(trained: GreyClassifier, films: Films) -> ExportedModel:
    return export_onnx(trained, positive=1, sample=films[0])


@pytest.fixture(scope="module")
def folder(exported: ExportedModel, films: Films, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "bundle"
    b.write_bundle(
        folder,
        exported=exported,
        spec=SPEC,
        val=split(*films),
        test=split(*films),
        training_films=TRAINED_ON,
    )
    return folder


def test_holds_what_is_promised(folder: Path) -> None:
    card = json.loads((folder / "card.json").read_text("utf-8"))
    small = {"int8": {"model.int8.onnx"}, "float16": {"model.fp16.onnx"}, "none": set()}
    names = {"model.onnx", "card.json", "README.md", "training-films.bin"}
    names |= small[card["quantisation"]["kind"]]
    assert {path.name for path in folder.iterdir()} == names
    assert [path.name for path in folder.parent.iterdir()] == ["bundle"], "nothing left beside it"
    assert set(card["files"]) == names - {"card.json"}
    content = (folder / "training-films.bin").read_bytes()
    assert TrainingFilms.from_bytes(content, "") == TRAINED_ON
    assert card["threshold"] == 0.4
    figures = FIGURES.model_dump(mode="json", exclude_unset=True)
    rules = [point["rule"] for point in figures["operating_points"]]
    del figures["operating_points"][rules.index("sensitivity=0.95")]  # the card's points have it
    assert card["figures"] == figures
    assert card["training_data"] == SPEC.training_data.model_dump(exclude_unset=True)
    assert [point["name"] for point in card["operating_points"]] == [
        "default",
        "sensitivity-0.9",
        "sensitivity-0.95",
        "sensitivity-0.99",
    ]
    assert card["parity"] <= 1e-4


def test_reads_back_as_pytorch(folder: Path, trained: GreyClassifier, films: Films) -> None:
    x = torch.from_numpy(films[0]).float().unsqueeze(1) / 255
    with torch.inference_mode():
        expected = torch.softmax(trained.eval()(x), 1).numpy()
    exact = Bundle.load(folder, precision="float32")
    np.testing.assert_allclose(exact.probabilities(films[0]), expected, atol=1e-4)
    assert np.abs(Bundle.load(folder).probabilities(films[0]) - expected).max() < 0.2


MAPS = {
    "temperature": CalibrationMap(kind="temperature", temperature=2.5),
    "isotonic": CalibrationMap(kind="isotonic", x=(0, 0.4, 0.55, 1), y=(0.02, 0.1, 0.7, 0.98)),
}


@pytest.mark.parametrize("kind", MAPS)
@pytest.mark.parametrize("groups", [(0, 1, 1), None])
def test_calibration_and_groups_are_in_the_graph(
    kind: str, groups: tuple[int, ...] | None, tmp_path: Path, tiny: GreyClassifier
) -> None:
    """Of three logits that go out as two classes or as three; the card says what was done."""
    squares = np.random.default_rng(0).integers(0, 256, (40, 32, 32), dtype=np.uint8)
    names = SPEC.classes if groups else ("NORMAL", "PNEUMONIA", "OTHER")
    spec = replace(SPEC, classes=names, calibration=MAPS[kind])
    truth = np.arange(40) % 2 == 0
    exported = export_onnx(tiny, positive=1, sample=squares, calibration=MAPS[kind], groups=groups)
    films = split(squares, truth)
    b.write_bundle(tmp_path / "b", exported=exported, spec=spec, val=films, test=films)
    with torch.inference_mode():
        logits = tiny.eval()(torch.from_numpy(squares)[:, None] / 255)
    parts = torch.softmax(logits.double(), 1).numpy()
    scores = np.stack([parts[:, 0], parts[:, 1:].sum(1)], 1) if groups else parts
    expected = calibrate(MAPS[kind], scores[:, 1])
    bundle = Bundle.load(tmp_path / "b", precision="float32")
    found = bundle.probabilities(squares)
    np.testing.assert_allclose(found[:, 1], expected, atol=1e-5)
    assert np.abs(expected - scores[:, 1]).max() > 0.02, "the map does something"
    shares = np.delete(scores, 1, axis=1)
    shares *= ((1 - expected) / shares.sum(axis=1))[:, None]
    np.testing.assert_allclose(np.delete(found, 1, axis=1), shares, atol=1e-5)
    written = bundle.card.calibration.model_dump() | {"temperature": bundle.card.temperature}
    assert CalibrationMap(**written) == MAPS[kind]
    assert f"calibrated on validation films ({kind}" in (tmp_path / "b/README.md").read_text()


def test_the_page_says_it_plainly(folder: Path) -> None:
    page = (folder / "README.md").read_text("utf-8")
    assert "Not a medical device" in page
    assert "0.988 | 0.970 to 0.990" in page
    assert "Patients were not known." in page
    assert "train NORMAL 30; PNEUMONIA 30" in page
    assert "| subtype virus | 9 (7) | 0.900 | 0.889 |  |" in page
    assert (
        "| subtype bac\\|teria | 20 (15) | 0.980 (0.960 to 0.990) | 0.900 (0.700 to 0.970) |  |"
        in page
    )
    assert "not calibrated" in page
    assert "Synthetic" not in page
    assert "Leaking" not in page


def test_thresholds_have_the_digits_that_part_them_and_equal_rows_stand_once(folder: Path) -> None:
    card = Bundle.load(folder).card
    values = {"default": 0.50001234, "a": 0.50001299, "b": 0.50001234, "c": 0.50003}
    points = tuple(
        card.operating_points[0].model_copy(update={"name": name, "threshold": value})
        for name, value in values.items()
    )
    page = model_card(card.model_copy(update={"operating_points": points}))
    rows = [line.split(" | ")[:2] for line in page.splitlines() if "validation, 60 films" in line]
    assert rows == [
        ["| default, b", "0.500012"],
        ["| a", "0.500013"],
        ["| c", "0.50003"],
    ]


def test_the_page_warns(folder: Path) -> None:
    card = Bundle.load(folder).card
    page = model_card(card.model_copy(update={"synthetic": True, "leaking": True, "figures": None}))
    assert "say nothing about real X-rays" in page.replace("\n", " ")
    assert "are too good" in page
    assert "Not measured on a test split." in page


def test_card_survives_a_round_trip(folder: Path) -> None:
    card = Bundle.load(folder).card
    text = card.model_dump_json()
    assert Card.model_validate_json(text).model_dump_json() == text


def test_failure_keeps_the_older_bundle(
    folder: Path, exported: ExportedModel, films: Films, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def full(*args: object, **kwargs: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(b, "model_card", full)
    with pytest.raises(RadistillError, match="the disk is full"):
        b.write_bundle(folder, exported=exported, spec=SPEC, val=split(*films), test=split(*films))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in folder.parent.iterdir()] == ["bundle"]


def test_an_older_bundle_is_replaced(exported: ExportedModel, films: Films, tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    folder.mkdir()
    (folder / "stale").touch()
    spec = replace(SPEC, threshold=0.25)
    one_class = split(films[0], np.zeros(60, dtype=bool))
    card = b.write_bundle(folder, exported=exported, spec=spec, val=one_class, test=split(*films))
    assert not (folder / "stale").exists()
    assert not (folder / "training-films.bin").exists(), "nobody said which films"
    assert not list(folder.glob("model.*.onnx")), "one class cannot judge a smaller file"
    assert card.threshold == 0.25 == Bundle.load(folder).card.threshold
    assert Bundle.load(folder).file == "model.onnx"
    assert "No smaller file" in (folder / "README.md").read_text("utf-8")


def test_films_without_labels_are_refused(
    exported: ExportedModel, films: Films, tmp_path: Path
) -> None:
    with pytest.raises(RadistillError, match="60 validation films but 3 labels"):
        b.write_bundle(
            tmp_path / "bundle",
            exported=exported,
            spec=SPEC,
            val=b.BundleFilms(films[0], films[1][:3], PATIENTS),
            test=split(*films),
        )
