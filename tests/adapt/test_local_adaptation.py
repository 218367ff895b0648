"""The whole command on films: a gain makes a bundle as any other, no gain makes a report alone."""

import csv
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from radistill.adapt.local_adaptation import BUNDLE, abstention_note
from radistill.adapt.local_films import read_local_films
from radistill.data.external_data import ExternalData
from radistill.phantoms.cohort import plan
from radistill.phantoms.generate import film
from radistill.runtime import Predictor
from radistill.runtime.find_bundle import find_bundle
from radistill.runtime.open_bundle import Bundle
from radistill.schema.adaptation import Adaptation
from radistill.schema.card import FLOAT16, INT8, read_card
from radistill.schema.record import read_record

from ..command_line import Command

FILMS = 90
SHIPPED = "pneumonia-children"


def process(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """A command as a user runs it; the fixture `radistill` spares the new interpreter."""
    command = [sys.executable, "-m", "radistill", *map(str, arguments)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


@pytest.fixture(scope="session")
def phantoms(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[np.ndarray]]:
    """A folder of phantoms without labels, which are quick to make, and their pixels."""
    folder = tmp_path_factory.mktemp("films")
    pixels = [film(planned, 5, 64)[0] for planned in plan(FILMS, 5)][:FILMS]
    for number, picture in enumerate(pixels):
        Image.fromarray(picture).save(folder / f"{number:03}.png")
    return folder, pixels


def table(path: Path, labels: Sequence[str], **columns: Sequence[str]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "label", *columns])
        rows = zip(range(len(labels)), labels, *columns.values(), strict=True)
        writer.writerows([f"{number:03}.png", *rest] for number, *rest in rows)
    return path


@pytest.fixture(scope="session")
def gained(
    phantoms: tuple[Path, list[np.ndarray]], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path, subprocess.CompletedProcess[str]]:
    """A site whose label is how bright the films are, which a head must find."""
    folder, pixels = phantoms
    level = np.array([picture.mean() for picture in pixels])
    labels = np.where(level > np.median(level), "PNEUMONIA", "NORMAL").tolist()
    work = tmp_path_factory.mktemp("gained")
    views = ["PA" if label == "NORMAL" else "AP" for label in labels]
    file = table(work / "labels.csv", labels, view=views, age=["40"] * len(labels))
    done = process(
        "adapt", SHIPPED, "--data", folder, "--labels", file, "--out", work / "new", "--site", "B"
    )
    return work, folder, done


def test_a_gain_makes_a_bundle_with_lineage(
    gained: tuple[Path, Path, subprocess.CompletedProcess[str]],
) -> None:
    work, folder, done = gained
    assert done.returncode == 0, done.stderr
    outcome = read_record(Adaptation, work / "new" / "adaptation.json")
    assert outcome.chosen == "head"
    card = json.loads((work / "new" / "card.json").read_text())
    parent = json.loads((find_bundle(SHIPPED) / "card.json").read_text())
    assert card["lineage"]["parent"] == parent["files"]["model.onnx"]
    assert card["lineage"]["site"] == "B"
    assert card["lineage"]["films"] == FILMS
    assert card["population"]["age_years"] == [40, 41]
    assert {point["split"] for point in card["operating_points"]} == {"outer folds"}
    files = sorted(folder.glob("*.png"))
    answers = list(Predictor.load(work / "new").predict(files))
    labels = [row["label"] for row in csv.DictReader((work / "labels.csv").open())]
    right = [a.label == label for a, label in zip(answers, labels, strict=True)]
    assert np.mean(right) > 0.9
    assert np.mean([a.decision == "abstain" for a in answers]) < 0.1


def test_nothing_of_a_patient_lies_in_the_bundle(
    gained: tuple[Path, Path, subprocess.CompletedProcess[str]],
) -> None:
    """What ships are files of the bundle, figures, and a report without a film or a path."""
    work, _, done = gained
    names = {file.relative_to(work / "new").as_posix() for file in (work / "new").rglob("*")}
    small = {INT8, FLOAT16}  # one of them, or neither
    assert names - small == {*BUNDLE, "adaptation.json", "report.html"} - small
    for name in ("README.md", "card.json", "adaptation.json", "report.html"):
        assert ".png" not in (work / "new" / name).read_text()
    records = work / "new-records"
    assert {file.name for file in records.iterdir()} == {"report.html", "predictions.csv", "plots"}
    assert "What it still gets wrong" in (records / "report.html").read_text()
    assert "What it still gets wrong" not in (work / "new" / "report.html").read_text()
    assert str(records / "report.html") in done.stderr.replace("\n", "")


def test_a_bundle_that_abstains_on_many_films_says_so() -> None:
    assert abstention_note(None) is not None
    card = read_card(find_bundle(SHIPPED) / "card.json")
    assert card.abstention is not None
    assert abstention_note(card.abstention) is None
    measured = card.abstention.measured.model_copy(
        update={"abstained": 0.62, "abstained_ci": (0.4, 0.8), "test_films": 21}
    )
    note = abstention_note(card.abstention.model_copy(update={"measured": measured}))
    assert note is not None
    assert "62 %" in note
    assert "21 films" in note


def test_figures_of_the_card_are_those_of_the_outer_folds(
    gained: tuple[Path, Path, subprocess.CompletedProcess[str]],
) -> None:
    work, _, _ = gained
    card = json.loads((work / "new" / "card.json").read_text())
    rows = list(csv.DictReader((work / "new-records" / "predictions.csv").open()))
    called = [float(row["probability"]) >= card["threshold"] for row in rows]
    right = [c == (row["label"] == "PNEUMONIA") for c, row in zip(called, rows, strict=True)]
    assert card["figures"]["test"]["accuracy"] == pytest.approx(np.mean(right))


def test_a_label_that_is_brightness_and_view_is_said_first(
    gained: tuple[Path, Path, subprocess.CompletedProcess[str]],
) -> None:
    work, _, done = gained
    first = done.stdout.splitlines()[0]
    assert "view" in first
    assert "brightness" in first
    assert first.startswith("The gain may be a matter of")
    page = (work / "new" / "report.html").read_text()
    assert page.index("The gain may be a matter of") < page.index("Before and after</h2>")
    assert "brightness" in (work / "new" / "README.md").read_text()


def test_an_adapted_bundle_is_adapted_again_and_knows_its_films(
    radistill: Command, gained: tuple[Path, Path, subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    work, folder, _ = gained
    again = radistill(
        "adapt", work / "new", "--data", folder, "--labels", work / "labels.csv", "--out", tmp_path
    )
    assert again.returncode == 2
    assert "was trained or chosen on all" in again.stderr


def test_noise_for_labels_makes_a_report_and_no_bundle(
    radistill: Command, gained: tuple[Path, Path, subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    """Also where OUT has the bundle of an earlier adaptation."""
    work, folder, _ = gained
    shutil.copytree(work / "new", tmp_path / "new")
    labels = np.random.default_rng(1).permutation(["NORMAL", "PNEUMONIA"] * (FILMS // 2)).tolist()
    file = table(tmp_path / "labels.csv", labels)
    done = radistill(
        "adapt", SHIPPED, "--data", folder, "--labels", file, "--out", tmp_path / "new"
    )
    assert done.returncode == 3, done.stderr
    assert "no bundle was written" in done.stdout
    names = {entry.name for entry in (tmp_path / "new").iterdir()}
    assert names == {"adaptation.json", "report.html"}


@pytest.mark.parametrize(
    ("positives", "message"),
    [(0, "PNEUMONIA"), (8, "8 films of 8 patients are PNEUMONIA"), (FILMS, "NORMAL")],
)
def test_too_few_films_of_a_class_says_how_many(
    radistill: Command,
    phantoms: tuple[Path, list[np.ndarray]],
    tmp_path: Path,
    positives: int,
    message: str,
) -> None:
    folder, _ = phantoms
    labels = ["PNEUMONIA"] * positives + ["NORMAL"] * (FILMS - positives)
    file = table(tmp_path / "labels.csv", labels)
    done = radistill(
        "adapt", SHIPPED, "--data", folder, "--labels", file, "--out", tmp_path / "new"
    )
    assert done.returncode == 2
    assert message in done.stderr
    assert "at least 20 films and 10 patients" in done.stderr


def test_films_that_are_there_twice_are_of_one_patient(
    phantoms: tuple[Path, list[np.ndarray]], tmp_path: Path
) -> None:
    """So that no fold judges a film that it was fitted to; those of two labels are counted."""
    folder = tmp_path / "films"
    shutil.copytree(phantoms[0], folder)
    labels = ["NORMAL", "PNEUMONIA"] * (FILMS // 2)
    for number in range(3):
        shutil.copy(folder / f"{number:03}.png", folder / f"{FILMS + number:03}.png")
    file = table(tmp_path / "labels.csv", [*labels, "NORMAL", "NORMAL", "NORMAL"])
    bundle = Bundle.load(find_bundle(SHIPPED))
    films = read_local_films(bundle, ExternalData(folder, file), tmp_path / "cache")
    assert len(films.scores.patients) == FILMS + 3
    assert len(set(films.scores.patients)) == FILMS
    assert films.scores.patients[FILMS] == films.scores.patients[0]
    (note,) = [note for note in films.dataset.notes if "content of another" in note]
    assert note.startswith("Counted as of one patient: 3 films with the content of another")
    assert "1 with another label" in note


def test_an_out_that_holds_something_else_is_refused(
    radistill: Command, phantoms: tuple[Path, list[np.ndarray]], tmp_path: Path
) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    done = radistill("adapt", SHIPPED, "--data", phantoms[0], "--out", tmp_path)
    assert done.returncode == 2
    assert "holds something else" in done.stderr
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_what_was_laid_beside_an_earlier_adaptation_is_kept(
    radistill: Command, gained: tuple[Path, Path, subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    """OUT is replaced as a whole."""
    work, folder, _ = gained
    shutil.copytree(work / "new", tmp_path / "new")
    labels = shutil.copy(work / "labels.csv", tmp_path / "new")
    done = radistill(
        "adapt", SHIPPED, "--data", folder, "--labels", labels, "--out", tmp_path / "new"
    )
    assert done.returncode == 2
    assert "labels.csv" in done.stderr
    assert Path(labels).exists()


def test_an_out_among_the_films_is_refused(radistill: Command, tmp_path: Path) -> None:
    done = radistill("adapt", SHIPPED, "--data", tmp_path, "--out", tmp_path / "NORMAL" / "new")
    assert done.returncode == 2
    assert "lies among the films" in done.stderr
    assert not (tmp_path / "NORMAL").exists()


def test_adapting_needs_no_torch(tmp_path: Path) -> None:
    code = (
        "import sys; import radistill.adapt.local_adaptation, radistill.cli.adapt; "
        "print([m for m in ('torch', 'timm') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
