"""Fixtures and settings shared by all tests."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

from .command_line import radistill  # noqa: F401

# A test is right or wrong on a busy machine too: time limits are pytest's alone.
settings.register_profile("radistill", deadline=None)
settings.load_profile("radistill")

TERMINAL = shutil.get_terminal_size().columns
os.environ["COLUMNS"] = "500"  # messages are not wrapped, here and in processes that tests start
if "PYTEST_XDIST_WORKER" in os.environ:  # one of as many as there are cores: a thread each
    os.environ.setdefault("OMP_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with real X-rays, originals and ImageNet weights, kept outside the repository."""
    folder = Path(os.environ.get("RADISTILL_SHARED", ROOT.parent / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip(f"real data not found at {folder}: set RADISTILL_SHARED")
    return folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Studies first: what takes longest is not what one of two workers ends with, alone."""
    items.sort(key=lambda item: ROOT / "tests" / "study" not in item.path.parents)


@pytest.hookimpl(trylast=True)  # the terminal is there by then
def pytest_configure(config: pytest.Config) -> None:
    config.get_terminal_writer().fullwidth = TERMINAL  # pytest's own lines
