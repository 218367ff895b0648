"""Studies of three and of five classes, one of them rare and one never predicted, to their end."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from radistill.config import load_config
from radistill.page import write_page
from radistill.runtime import Predictor
from radistill.schema.card import read_card
from radistill.schema.comparison import Comparison
from radistill.study.bundle import bundle_run
from radistill.study.run import run_study

TINY = [
    "data.protocol=patient",
    "data.positive=A",
    "evaluation.bootstrap=100",
    "baseline={input_size: 32, epochs: 1}",
    "teacher={architecture: resnet18, weights: random, input_size: 32, epochs: 1, head_epochs: 1, "
    "batch_size: 16}",
    "student={architecture: shufflenet_v2_x0_5, weights: random, input_size: 32, epochs: 1, "
    "batch_size: 16, learning_rate: 1.0e-3}",
    "distill={views: 1}",
]
THREE = {"A": 40, "B": 40, "rare": 4}
FIVE = {"A": 60, "B": 60, "C": 60, "D": 60, "rare": 4}


def noise_films(folder: Path, counts: dict[str, int]) -> Path:
    """Noise images, of their class's brightness; of `counts` films by class."""
    rng = np.random.default_rng(0)
    for place, (name, count) in enumerate(counts.items()):
        (folder / name).mkdir(parents=True)
        for i in range(count):
            film = np.clip(rng.normal(50 + 40 * place, 15, (40, 40)), 0, 255).astype(np.uint8)
            Image.fromarray(film).save(folder / name / f"{name}-{i}.png")
    return folder


def study(folder: Path, counts: dict[str, int], *further: str) -> Comparison:
    data = noise_films(folder / "data", counts)
    return run_study(data, folder / "run", load_config("demo", None, [*TINY, *further], 0))


def visible_text(page: Path) -> str:
    html = re.sub(r"<(style|svg|pre).*?</\1>", " ", page.read_text(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def check(folder: Path, counts: dict[str, int], comparison: Comparison) -> None:
    run, classes = folder / "run", tuple(counts)
    never = []
    for model in comparison.models:
        each = model.test.by_class
        assert each is not None
        assert tuple(each.classes) == classes
        assert each.classes["rare"].n == 1
        assert each.macro.precision is not None
        never += [name for name in classes if each.classes[name].precision is None]
    assert never, "every model predicts every class"
    for file in run.rglob("*.json"):
        assert not re.search(r"\b(NaN|Infinity)\b", file.read_text()), file
    text = visible_text(run / "report.html")
    assert "student, class by class" in text
    assert re.search(rf"{never[0]} \d+ [01]\.\d{{3}} - 0\.000 0\.000", text)
    assert not re.search(r"\b(nan|inf)\b", text, re.IGNORECASE)

    bundle_run(run, anyway=True)  # one epoch need not have taught the student anything
    card = read_card(run / "bundle" / "card.json")
    assert card.classes == classes
    film = folder / "data" / "A" / "A-0.png"
    (answer,) = Predictor.load(run / "bundle").predict([film])
    assert 0 <= answer.probability <= 1
    write_page(folder / "page", run / "bundle")
    assert (folder / "page" / "index.html").exists()


def test_three_classes_with_one_rare_reach_report_bundle_and_page(tmp_path: Path) -> None:
    check(tmp_path, THREE, study(tmp_path, THREE, "evaluation.robustness=false"))


@pytest.mark.slow
def test_five_classes_with_one_rare_reach_report_bundle_and_page(tmp_path: Path) -> None:
    check(tmp_path, FIVE, study(tmp_path, FIVE))
