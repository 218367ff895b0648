"""The build hook: a wheel has the page's parts from npm, or is not made."""

from __future__ import annotations

import importlib.util
import sys
import tomllib
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
INTERFACE = "hatchling.builders.hooks.plugin.interface"


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Any:
    """hatch_build.PageParts, told of the warnings it gives; hatchling is there in builds only."""
    stub: Any = ModuleType(INTERFACE)
    stub.BuildHookInterface = type(
        "BuildHookInterface", (), {"__class_getitem__": lambda *_: object}
    )
    monkeypatch.setitem(sys.modules, INTERFACE, stub)
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec
    assert spec.loader
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made = module.PageParts()
    made.root = str(ROOT)
    made.warnings = []
    made.app = SimpleNamespace(display_warning=made.warnings.append)
    made.module = module
    return made


def without_npm(vendor: ModuleType, folder: Path) -> ModuleType:
    vendor.FOLDER = folder  # type: ignore[attr-defined]
    vendor.shutil = SimpleNamespace(which=lambda _: None)  # type: ignore[attr-defined]
    return vendor


@pytest.fixture
def bare(hook: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """The hook on a machine without npm, in a clone without the parts."""
    load = hook.module._load
    monkeypatch.setattr(
        hook.module, "_load", lambda path: without_npm(load(path), tmp_path / "vendor")
    )
    return hook


def test_a_wheel_without_the_parts_is_not_made(bare: Any) -> None:
    with pytest.raises(SystemExit, match="npm is not installed") as stop:
        bare.initialize("standard", {})
    assert "RADISTILL_WITHOUT_PAGE=1" in str(stop.value)


def test_an_editable_install_goes_on(bare: Any) -> None:
    bare.initialize("editable", {})
    assert "radistill page will not work" in bare.warnings[0]


def test_the_page_may_be_left_out(bare: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RADISTILL_WITHOUT_PAGE", "1")
    bare.initialize("standard", {})
    assert not bare.warnings


def test_parts_that_are_there_are_not_fetched_again(bare: Any, tmp_path: Path) -> None:
    vendor = bare.module._load(ROOT / bare.module.SOURCE)
    (tmp_path / "vendor").mkdir()
    for package in vendor.packages():
        for file in package.files:
            (tmp_path / "vendor" / file["to"]).write_bytes(b"")
    (tmp_path / "vendor" / vendor.STAMP).write_text(vendor.stamp())
    bare.initialize("standard", {})


def test_wheels_take_what_git_ignores() -> None:
    build = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]
    assert build["artifacts"] == ["src/radistill/page/web/vendor/*"]
    assert "src/radistill/page/web/vendor/" in (ROOT / ".gitignore").read_text("utf-8")
    assert "hatch_build.py" in build["targets"]["sdist"]["include"]
