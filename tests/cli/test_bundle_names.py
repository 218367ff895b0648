"""Every command that takes a bundle takes a folder, a run, or the name of an installed bundle."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from radistill.runtime.find_bundle import installed

from ..command_line import Command
from ..servers import serving

NAME = "pneumonia-children"
COMMANDS = {
    "predict": ["predict", "FILMS", "--out", "OUT", "--bundle", "MODEL"],
    "page": ["page", "OUT", "--bundle", "MODEL"],
    "serve": ["serve", "--port", "0", "--bundle", "MODEL"],
    "evaluate": ["evaluate", "MODEL", "--data", "FILMS", "--set", "evaluation.bootstrap=100"],
}


@pytest.fixture
def places(tmp_path: Path, films: Path) -> dict[str, str]:
    for i, film in enumerate(sorted(films.iterdir())):
        folder = tmp_path / "classes" / ("PNEUMONIA" if i % 2 else "NORMAL")
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(film, folder)
    return {"FILMS": str(tmp_path / "classes"), "OUT": str(tmp_path / "out")}


@pytest.fixture(params=["folder", "run", "name"])
def model(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "name":
        return NAME
    run = tmp_path / "a run"
    shutil.copytree(installed()[0], run / "bundle")
    return str(run if request.param == "run" else run / "bundle")


@pytest.mark.parametrize("command", ["predict", "page", "evaluate"])
def test_a_folder_a_run_and_a_name(
    radistill: Command, places: dict[str, str], model: str, command: str
) -> None:
    arguments = [(places | {"MODEL": model}).get(word, word) for word in COMMANDS[command]]
    status, _, err = radistill(*arguments)
    assert status == 0, err


def test_serve_takes_them_too(model: str) -> None:
    with serving(model) as server:
        assert "children" in server.log


@pytest.mark.parametrize("command", COMMANDS)
def test_where_nothing_matches_the_installed_names_are_listed(
    radistill: Command, places: dict[str, str], command: str
) -> None:
    arguments = [(places | {"MODEL": "pneumonia-adults"}).get(w, w) for w in COMMANDS[command]]
    status, _, err = radistill(*arguments)
    assert status == 2
    assert "pneumonia-adults: no bundle" in err
    assert f"an installed bundle: {NAME}" in err
    assert "Traceback" not in err
