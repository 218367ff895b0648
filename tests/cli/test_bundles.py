"""The student that comes with the package."""

from __future__ import annotations

import json
import subprocess
import sys

from radistill.export.model_card import file_figures
from radistill.runtime import Bundle
from radistill.runtime.about import about
from radistill.runtime.find_bundle import find_bundle, installed
from radistill.schema.card import FLOAT32, INT8, FileFigures


def test_what_is_installed_is_whole_and_small() -> None:
    assert installed()
    for folder in installed():
        card = Bundle.load(folder).card  # checks the sha256 of every file
        assert not card.synthetic
        assert (folder / card.small_file).stat().st_size <= 1_000_000
        assert (folder / "model.onnx").stat().st_size <= 5_000_000
        assert card.intended_use.startswith("Research and teaching")
    assert find_bundle(None) == installed()[0]


def test_bundles_are_listed_with_their_figures() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "radistill", "bundles"], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    for folder in installed():
        assert folder.name in done.stdout
        assert f"{Bundle.load(folder).card.figures.test.auc:.3f}" in done.stdout


def test_nothing_of_an_installed_card_is_lost() -> None:
    for folder in installed():
        written = json.loads((folder / "card.json").read_text("utf-8"))
        card = Bundle.load(folder).card
        assert card.model_dump(mode="json", exclude_unset=True) == written


def test_a_card_says_of_which_file_its_figures_are() -> None:
    for folder in installed():
        card = Bundle.load(folder).card
        other = FileFigures(
            threshold=0.25, operating_points=card.operating_points[:1], test=card.figures.test
        )
        new = card.model_copy(update={"figures_of": INT8, "float32": other})
        assert new.of(INT8) is new
        assert "threshold and figures" not in about(new, 0.5, INT8)
        exact = new.of(FLOAT32)
        assert (exact.threshold, exact.figures_of) == (0.25, FLOAT32)
        assert exact.operating_points == other.operating_points
        assert [line.split(":")[0] for line in file_figures(new)] == [INT8, FLOAT32]
        older = card.model_copy(update={"figures_of": FLOAT32, "float32": None})
        assert older.of(FLOAT32) is older.of(INT8) is older
        assert "runs model.int8.onnx; its threshold and figures are of model.onnx" in about(
            older, 0.5, INT8
        )
