"""The student that comes with the package."""

from __future__ import annotations

import json
import subprocess
import sys

from radistill.runtime import Bundle
from radistill.runtime.find_bundle import find_bundle, installed


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
        [sys.executable, "-m", "radistill", "bundles"], capture_output=True, text=True, timeout=60
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
