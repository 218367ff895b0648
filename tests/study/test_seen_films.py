"""An evaluation on films that the model was trained on says so, and leaves them out."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from radistill import cli
from radistill.config import DataConfig
from radistill.data import load_dataset
from radistill.data.manifest import write_manifest
from radistill.data.training_films import TrainingFilms
from radistill.runtime.find_bundle import find_bundle
from radistill.schema.card import TRAINING_FILMS

Evaluate = Callable[..., tuple[int, dict, str]]


def write(root: Path, names: Iterable[str]) -> Path:
    """A film of its own at each path."""
    for name in names:
        rng = np.random.default_rng(list(name.encode()))
        coarse = Image.fromarray(rng.integers(0, 256, (14, 14), dtype=np.uint8))
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        coarse.resize((120, 100), Image.Resampling.BICUBIC).save(root / name, "PNG")
    return root


@pytest.fixture
def films(tmp_path: Path) -> Path:
    splits = {"train": 12, "test": 4}
    names = [
        f"{split}/{label}/{label[0]}{split}{n}.png"
        for split, count in splits.items()
        for label in ("NORMAL", "PNEUMONIA")
        for n in range(count)
    ]
    return write(tmp_path / "films", names)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """The installed bundle, without a list of its training films."""
    folder = tmp_path / "made" / "bundle"
    shutil.copytree(find_bundle(None), folder)
    (folder / TRAINING_FILMS).unlink(missing_ok=True)
    card = json.loads((folder / "card.json").read_text())
    card["files"].pop(TRAINING_FILMS, None)
    (folder / "card.json").write_text(json.dumps(card))
    return folder


@pytest.fixture
def evaluate(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Evaluate:
    """`radistill evaluate`: its exit status, the facts about the films, and all that it says."""

    def run(model: Path, data: Path, *options: str) -> tuple[int, dict, str]:
        out = model.parent / "out"
        shutil.rmtree(out, ignore_errors=True)
        words = ["evaluate", model, "--data", data, "--out", out, *options]
        words += ["--set", "evaluation.bootstrap=100"]
        monkeypatch.setattr(sys, "argv", ["radistill", *map(str, words)])
        status = 0
        try:
            cli.main()
        except SystemExit as end:
            status = int(end.code or 0)
        text = "".join(capfd.readouterr())
        if status:
            return status, {}, text
        facts = json.loads((out / "comparison.json").read_text())["dataset"]
        return status, facts, text + (out / "report.html").read_text()

    return run


@pytest.mark.parametrize("kept_in", ["bundle", "run"])
def test_films_of_the_training_are_left_out_or_marked(
    films: Path, bundle: Path, evaluate: Evaluate, kept_in: str
) -> None:
    """Known by bytes, and at another size and compression; the test films are not."""
    cache = bundle.parent / "cache"
    trained_on = load_dataset(films, DataConfig(), 0, cache=cache)
    if kept_in == "bundle":
        listed = TrainingFilms.of(trained_on.films, trained_on.perceptual_hashes)
        (bundle / TRAINING_FILMS).write_bytes(listed.to_bytes())
    else:
        write_manifest(bundle.parent / "manifest.csv", trained_on.films)
    with Image.open(films / "train/NORMAL/Ntrain3.png") as film:
        film.resize((90, 80)).save(films / "test/NORMAL/smaller.jpeg", quality=80)

    status, facts, text = evaluate(bundle, films)
    assert status == 0
    assert (facts["seen"], facts["seen_kept"], facts["leaking"]) == (25, False, False)
    assert facts["counts"] == {"test": {"NORMAL": 4, "PNEUMONIA": 4}}
    assert "25 of the 33 films, or copies of them," in text
    assert "smaller.jpeg" in text

    status, facts, text = evaluate(bundle, films, "--keep-seen")
    assert status == 0
    assert (facts["seen"], facts["seen_kept"], facts["leaking"]) == (25, True, True)
    assert facts["counts"] == {"test": {"NORMAL": 17, "PNEUMONIA": 16}}
    assert "Seen films: the model was trained or chosen on some of these" in text

    status, _, text = evaluate(bundle, films, "--split", "train")
    assert status != 0
    assert "none is left" in text
    assert "--keep-seen" in text


def test_a_bundle_that_does_not_list_its_films_says_so(
    films: Path, bundle: Path, evaluate: Evaluate
) -> None:
    status, facts, text = evaluate(bundle, films)
    assert status == 0
    assert facts["seen"] is None
    assert facts["counts"] == {"test": {"NORMAL": 16, "PNEUMONIA": 16}}
    assert "does not list the films" in text


@pytest.mark.data
def test_the_installed_bundle_knows_its_training_films_at_their_original_size(
    shared: Path, tmp_path: Path, evaluate: Evaluate
) -> None:
    originals = sorted((shared / "data/originals").iterdir())
    data = tmp_path / "films"
    for label in ("NORMAL", "PNEUMONIA"):
        (data / label).mkdir(parents=True)
        for film in sorted((shared / "data/chest_xray/test" / label).iterdir())[:6]:
            shutil.copy(film, data / label)
    for film in originals:
        shutil.copy(film, data / "NORMAL")
    bundle = shutil.copytree(find_bundle("pneumonia-children"), tmp_path / "made" / "bundle")
    status, facts, text = evaluate(bundle, data)
    assert status == 0, text
    assert facts["seen"] == len(originals) == 24
    assert facts["counts"] == {"test": {"NORMAL": 6, "PNEUMONIA": 6}}


@pytest.mark.data
def test_the_installed_bundle_is_judged_by_films_that_it_has_not_seen(
    shared: Path, tmp_path: Path, evaluate: Evaluate
) -> None:
    bundle = shutil.copytree(find_bundle("pneumonia-children"), tmp_path / "made" / "bundle")
    status, facts, text = evaluate(bundle, shared / "data/chest_xray")
    assert status == 0, text
    assert (facts["seen"], facts["seen_kept"], facts["leaking"]) == (5216, False, False)
    assert facts["counts"] == {"test": {"NORMAL": 234, "PNEUMONIA": 390}}
    assert "train/NORMAL/IM-0115-0001.jpeg" in text
    status, _, text = evaluate(bundle, shared / "data/chest_xray", "--split", "train")
    assert status == 2
    assert "none is left" in text
