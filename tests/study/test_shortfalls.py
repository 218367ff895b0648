"""A student that learnt nothing: the study ends with a report that says so and without a bundle."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from radistill.cli.commands import app
from radistill.errors import UsageError
from radistill.page.page_bundle import bundle_info
from radistill.phantoms import generate
from radistill.runtime import Predictor

NEVER = [
    "--preset=demo",
    "--set=evaluation={bootstrap: 100, robustness: false}",
    "--set=baseline={input_size: 32, epochs: 6, batch_size: 16, learning_rate: 0.001}",
    "--set=teacher={architecture: resnet18, weights: random, input_size: 32, epochs: 1, "
    "head_epochs: 1, batch_size: 16}",
    "--set=student={architecture: shufflenet_v2_x0_5, weights: random, input_size: 32, epochs: 1, "
    "learning_rate: 1.0e-9, batch_size: 16}",
    "--set=distill={views: 1}",
]


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(app, list(map(str, arguments)))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    folder = tmp_path_factory.mktemp("nothing")
    generate(folder / "films", 120, 0, size=48)
    done = invoke("run", "--data", folder / "films", "--out", folder / "run", *NEVER)
    return folder / "run", done


def test_terminal_and_report_say_so_and_there_is_no_bundle(run: tuple[Path, Result]) -> None:
    folder, done = run
    assert done.exit_code == 0, done.output
    assert not (folder / "bundle").exists()
    report = re.sub(r"\s+", " ", (folder / "report.html").read_text())
    for said in ("The student learnt nothing", "not better than chance", "Do not use it"):
        assert said in done.output
        assert said in report
    assert report.index("learnt nothing") < report.index("<h2>Summary</h2>")
    assert "bundle: not made" in done.output
    (student,) = [
        model
        for model in json.loads((folder / "comparison.json").read_text())["models"]
        if "shortfalls" in model
    ]
    assert student["name"] == "student"
    assert "learnt nothing" in invoke("evaluate", folder).output


def test_a_bundle_is_made_anyway_and_its_card_and_the_page_say_so(
    run: tuple[Path, Result],
) -> None:
    folder, _ = run
    refused = invoke("bundle", folder)
    assert isinstance(refused.exception, UsageError)
    assert "--anyway" in str(refused.exception)
    assert not (folder / "bundle").exists()
    done = invoke("bundle", folder, "--anyway")
    assert done.exit_code == 0, done.output
    assert "learnt nothing" in done.output
    card = json.loads((folder / "bundle" / "card.json").read_text())
    assert "learnt nothing" in card["figures"]["shortfalls"][0]
    readme = (folder / "bundle" / "README.md").read_text()
    assert readme.index("learnt nothing") < readme.index("## What it is for")
    info = bundle_info(Predictor.load(folder / "bundle"))
    assert info.figures is not None
    assert "learnt nothing" in info.figures.shortfalls[0]  # the page shows it with every answer


def test_another_model_is_packed_by_its_name(run: tuple[Path, Result]) -> None:
    folder, _ = run
    done = invoke("bundle", folder / "baseline", "--anyway")
    assert done.exit_code == 0, done.output
    card = json.loads((folder / "bundle" / "card.json").read_text())
    assert card["architecture"] == "baseline"
    assert card["figures"]["name"] == "baseline"
