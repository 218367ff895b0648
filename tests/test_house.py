"""The house: which room imports which, what the light rooms leave out, and one name a thing."""

from __future__ import annotations

import ast
import importlib
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "radistill"
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
CONTRACTS: dict[str, dict[str, Any]] = {one["id"]: one for one in SETTINGS["contracts"]}
NO_TORCH, LIGHT = CONTRACTS["no-torch"], CONTRACTS["light"]
GROUND = "config, files, progress, lazy, errors"
WITH_TORCH = PACKAGE / "adapt" / "finetune.py"  # the only such file of a room without
# A command and what it runs; an objective of training and the one that distillation puts on it.
TWICE = {"run.py", "bundle.py", "objective.py"}


def lint(source: Path, contract: str | None = None) -> subprocess.CompletedProcess[str]:
    """import-linter over the package in `source`, by the contracts of pyproject.toml."""
    code = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    only = ["--contract", contract] if contract else []
    return subprocess.run(
        [sys.executable, "-c", code, ROOT / "pyproject.toml", "--no-cache", *only],
        env={"PYTHONPATH": str(source), "PATH": "", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        cwd=source,
    )


def rooms_of(contract: dict[str, Any]) -> list[str]:
    return [name.removeprefix("radistill.") for name in contract["source_modules"]]


def test_the_rooms_keep_their_contracts() -> None:
    done = lint(ROOT / "src")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package's Python files, in a folder of their own."""
    source = tmp_path_factory.mktemp("planted")
    ignore = shutil.ignore_patterns("web", "bundles", "__pycache__", "presets")
    shutil.copytree(PACKAGE, source / "radistill", ignore=ignore)
    return source


def refused(copied: Path, file: str, line: str, contract: str) -> bool:
    """Whether import-linter refuses `line` as the last of `file`."""
    path = copied / "radistill" / file
    before = path.read_text("utf-8")
    try:
        path.write_text(before + line, "utf-8")
        done = lint(copied, contract)
    finally:
        path.write_text(before, "utf-8")
    assert "Analyzed" in done.stdout, done.stderr  # it ran
    return done.returncode != 0


def deepest(room: str) -> str:
    """A file as far down in the room as there is one."""
    files = sorted((PACKAGE / room).rglob("*.py"), key=lambda file: (-len(file.parts), file))
    return files[0].relative_to(PACKAGE).as_posix()


@pytest.mark.parametrize("room", rooms_of(NO_TORCH))
def test_a_planted_torch_is_refused(copied: Path, room: str) -> None:
    assert refused(copied, deepest(room), "\nimport torch\n", "no-torch")
    assert refused(copied, f"{room}/__init__.py", "\ndef f():\n    import torch\n", "no-torch")


@pytest.mark.parametrize("room", rooms_of(LIGHT))
def test_a_planted_scikit_learn_is_refused(copied: Path, room: str) -> None:
    assert refused(copied, deepest(room), "\nfrom sklearn import metrics\n", "light")


def test_a_planted_torch_is_refused_behind_a_room_in_between(copied: Path) -> None:
    """`text` imports `report`, which is free to import torch, but then `text` would."""
    assert refused(copied, "report/fmt.py", "\nimport torch\n", "no-torch")


def test_a_planted_arrow_upwards_is_refused(copied: Path) -> None:
    line = "\ndef f():\n    from radistill.study import run\n"
    assert refused(copied, "metrics/paired.py", line, "rooms")


def test_a_planted_circle_is_refused(copied: Path) -> None:
    line = "\ndef f():\n    from radistill.metrics import groups\n"
    assert refused(copied, "metrics/thresholds.py", line, "circles")


def test_a_room_without_a_place_is_refused(copied: Path) -> None:
    assert refused(copied, "errors.py", "", "rooms") is False
    (copied / "radistill" / "attic.py").write_text("", "utf-8")
    try:
        assert refused(copied, "errors.py", "", "rooms")
    finally:
        (copied / "radistill" / "attic.py").unlink()


@pytest.mark.parametrize("contract", [NO_TORCH, LIGHT], ids=lambda contract: contract["id"])
def test_importing_a_room_imports_nothing_forbidden(contract: dict[str, Any]) -> None:
    """Every file of the rooms: also what an installed package brings along."""
    files = [file for room in rooms_of(contract) for file in (PACKAGE / room).rglob("*.py")]
    files = [file for file in files if file != WITH_TORCH]
    names = [
        ".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
        for file in files
    ]
    code = (
        "import importlib, sys\n"
        f"for name in {names!r}: importlib.import_module(name)\n"
        f"print([name for name in {contract['forbidden_modules']!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def picture() -> str:
    """The rooms from top to bottom with what their packages say of themselves."""
    lines = []
    for layer in CONTRACTS["rooms"]["layers"][:-1]:
        room = layer.strip("()")
        if not (PACKAGE / room).is_dir():
            continue
        said = ast.get_docstring(ast.parse((PACKAGE / room / "__init__.py").read_text("utf-8")))
        mark = "  [light]" if room in rooms_of(LIGHT) else ""
        mark = mark or ("  [no torch]" if room in rooms_of(NO_TORCH) else "")
        lines.append(f"{room + '/':<11} {(said or '').splitlines()[0]}{mark}")
    return "\n".join([*lines, f"{GROUND}: the ground, which imports no room"])


def test_contributing_shows_the_rooms() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    assert f"```\n{picture()}\n```" in text, f"put this into CONTRIBUTING.md:\n{picture()}"


def test_a_basename_stands_for_one_thing() -> None:
    names = Counter(file.name for file in PACKAGE.rglob("*.py") if file.name != "__init__.py")
    assert {name for name, times in names.items() if times > 1} <= TWICE
    assert all(names[name] <= 2 for name in TWICE)


def test_a_class_name_stands_for_one_thing() -> None:
    names = Counter(
        node.name
        for file in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    assert [name for name, times in names.items() if times > 1] == []


@pytest.mark.parametrize("room", sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py")))
def test_a_room_offers_what_it_names(room: str) -> None:
    """Also after its modules are imported, which a name that is a module's too would hide."""
    package = importlib.import_module(f"radistill.{room}")
    modules = {path.stem for path in (PACKAGE / room).iterdir()}
    for name in getattr(package, "__all__", []):
        assert name not in modules or callable(getattr(package, name)), name
