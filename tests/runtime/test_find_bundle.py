"""A bundle is named in one way everywhere: a folder, a run, or the name of an installed one."""

from __future__ import annotations

from pathlib import Path

import pytest

import radistill
from radistill.errors import UsageError
from radistill.runtime.find_bundle import VARIABLE, find_bundle, installed

SHIPPED = "pneumonia-children"


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without the variable, in an empty folder."""
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)


def test_a_folder_a_run_and_an_installed_name(bundle: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "bundle").symlink_to(bundle)
    assert find_bundle(bundle) == find_bundle(str(bundle)) == bundle
    assert find_bundle(run) == find_bundle(run / "bundle") == run / "bundle"
    assert find_bundle(SHIPPED) == find_bundle(Path(SHIPPED)) == find_bundle(None)
    assert find_bundle(SHIPPED) in installed()
    assert radistill.load(run).card.architecture == "brightness"
    assert radistill.load(SHIPPED).model == radistill.load().model


def test_a_local_folder_wins_over_an_installed_name(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / SHIPPED).symlink_to(bundle)
    assert find_bundle(SHIPPED) == Path(SHIPPED)


def test_a_local_folder_that_is_no_bundle_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / SHIPPED).mkdir()
    with pytest.raises(UsageError, match="no bundle"):
        find_bundle(SHIPPED)


@pytest.mark.parametrize("named", ["nowhere", "../pneumonia-children", "."])
def test_what_is_no_bundle_lists_the_installed_ones(named: str) -> None:
    with pytest.raises(UsageError, match=rf"{named}: no bundle.*radistill bundle RUN.*{SHIPPED}"):
        find_bundle(named)


def test_the_variable(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(bundle))
    assert find_bundle(None) == bundle
    assert find_bundle(SHIPPED) in installed(), "what is named wins"
    monkeypatch.setenv(VARIABLE, "nowhere")
    with pytest.raises(UsageError, match=rf"nowhere \(from \${VARIABLE}\): no bundle"):
        find_bundle(None)
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setattr("radistill.runtime.find_bundle.installed", list)
    with pytest.raises(UsageError, match=VARIABLE):
        find_bundle(None)
    with pytest.raises(UsageError, match="none is installed"):
        find_bundle("nowhere")
