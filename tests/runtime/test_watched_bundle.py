"""A bundle that is replaced under a service."""

from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path

import pytest

from radistill.errors import UsageError
from radistill.runtime.predictor import Predictor
from radistill.runtime.watched_bundle import WatchedBundle

from ..brightness import bundle, write_bundle  # noqa: F401

log = logging.getLogger("radistill.test")


def watch(folder: Path) -> WatchedBundle[Predictor]:
    return WatchedBundle(folder, Predictor.load, log)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_bundle(tmp_path / "bundle")


def test_a_new_bundle_is_loaded_once(folder: Path) -> None:
    watched = watch(folder)
    first = watched.loaded
    assert not watched.refresh()
    assert watched.loaded is first
    write_bundle(folder, slope=5.0)
    assert watched.refresh()
    assert watched.loaded.model.sha256 != first.model.sha256
    assert not watched.refresh()
    assert watched.refresh(anyway=True)


def test_a_link_that_is_set_anew(tmp_path: Path, folder: Path) -> None:
    link, new = tmp_path / "current", write_bundle(tmp_path / "new", slope=5.0)
    link.symlink_to(folder)
    watched = watch(link)
    first = watched.loaded.model.sha256
    (tmp_path / "next").symlink_to(new)
    os.replace(tmp_path / "next", link)
    assert watched.refresh()
    assert watched.loaded.model.sha256 != first


def test_a_broken_one_is_said_once_and_the_one_before_goes_on(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    watched = watch(folder)
    first, whole = watched.loaded, (folder / "model.onnx").read_bytes()
    (folder / "model.onnx").write_bytes(b"broken")
    for _ in range(3):
        assert not watched.refresh()
    assert watched.loaded is first
    assert caplog.text.count("the one before goes on") == 1
    assert "model.onnx: damaged or changed" in caplog.text
    (folder / "model.onnx").write_bytes(whole)
    assert watched.refresh()
    shutil.rmtree(folder)
    assert not watched.refresh()
    assert watched.loaded.model == first.model


def test_a_broken_one_at_the_start_is_an_error(folder: Path) -> None:
    (folder / "model.onnx").write_bytes(b"broken")
    with pytest.raises(UsageError, match="damaged"):
        watch(folder)
