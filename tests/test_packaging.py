"""The set-up: pins that agree with pyproject.toml, and a Makefile that says what is missing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import radistill

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pairs = (line.split("==") for line in lines if not line.startswith("#"))
    return {canonicalize_name(name): version for name, version in pairs}


def requirements() -> list[Requirement]:
    extras = PROJECT["optional-dependencies"]
    lines = PROJECT["dependencies"] + extras["train"] + extras["text"] + extras["dev"]
    return [Requirement(line) for line in lines if not line.startswith("radistill[")]


@pytest.mark.parametrize("requirement", requirements(), ids=lambda r: r.name)
def test_every_requirement_is_pinned_within_its_range(requirement: Requirement) -> None:
    version = pins().get(canonicalize_name(requirement.name))
    assert version is not None, "missing from constraints.txt: make pins"
    assert requirement.specifier.contains(version)


def test_pins_are_plain() -> None:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    assert lines[0].startswith("#")
    assert all(re.fullmatch(r"[\w.-]+==[\w.!+]+", line) for line in lines[1:])
    assert not [name for name in pins() if name.startswith(("nvidia-", "cuda-"))]


def test_changelog_knows_this_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert f"## [{radistill.__version__}]" in text or "## [Unreleased]" in text


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What make needs, in a folder with a space in its name."""
    folder = tmp_path / "a clone"
    (folder / ".ci").mkdir(parents=True)
    for name in ("Makefile", "pyproject.toml", "constraints.txt", ".ci/run"):
        shutil.copy(ROOT / name, folder / name)
    return folder


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n", "utf-8")
    path.chmod(0o755)
    return path


def make(clone: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(
        ["make", *arguments],
        cwd=clone,
        capture_output=True,
        text=True,
        env=environment,
        timeout=300,
    )


@needs_make
def test_an_old_python_is_refused(clone: Path) -> None:
    old = 'case "$1" in --version) echo Python 3.9.2;; *) exit 1;; esac'
    done = make(clone, "demo", f"PYTHON={script(clone / 'old python', old)}")
    assert done.returncode != 0
    assert "needs Python 3.11 or newer" in done.stderr
    assert "Python 3.9.2" in done.stderr
    assert not (clone / ".venv").exists()


@needs_make
def test_no_python_is_said(clone: Path) -> None:
    done = make(clone, "test", "PYTHON=no-such-python")
    assert done.returncode != 0
    assert "there is no 'no-such-python' here" in done.stderr


@needs_make
def test_a_missing_venv_module_is_said(clone: Path) -> None:
    bare = f"""case "$2" in *ensurepip*) exit 1;; *) exec "{sys.executable}" "$@";; esac"""
    done = make(clone, "lint", f"PYTHON={script(clone / 'bare', bare)}")
    assert done.returncode != 0
    assert "apt install python3-venv" in done.stderr
    assert not (clone / ".venv").exists()


@needs_make
def test_installs_once(clone: Path) -> None:
    """A python that notes what it is asked stands in for the environment's."""
    log = clone / "log"
    script(clone / ".venv/bin/python", 'echo "$@" >> log')
    assert make(clone, "test").returncode == 0
    assert make(clone, "test").returncode == 0
    assert make(clone, "demo").returncode == 0
    calls = log.read_text("utf-8").splitlines()
    assert [call for call in calls if "pip install" in call] == [
        "-m pip install --disable-pip-version-check -c constraints.txt -e .[dev]"
    ]
    assert sum("-m pytest" in call for call in calls) == 2
    (clone / "constraints.txt").touch()
    assert make(clone, "demo").returncode == 0
    (*_, install, drawn, ran, predicted) = log.read_text("utf-8").splitlines()
    assert "-e .[train]" in install
    assert [line.split()[2] for line in (drawn, ran, predicted)] == ["data", "run", "predict"]


@needs_make
def test_the_demo_says_what_to_type_next(clone: Path) -> None:
    """A python that does nothing stands in; without a bundle the shipped one predicts."""
    script(clone / ".venv/bin/python", 'echo "$@" >> log')
    film = clone / "demo/data/test/PNEUMONIA/person1 x.jpeg"
    film.parent.mkdir(parents=True)
    film.touch()
    done = make(clone, "demo")
    assert done.returncode == 0
    for said in (f"{clone}/demo/run/report.html", f"{clone}/demo/maps/contact-sheet.png"):
        assert said in done.stdout
    assert ". .venv/bin/activate" in done.stdout
    for model, named in ((None, ""), ("demo/run/bundle", "--bundle demo/run/bundle ")):
        if model:
            (clone / model).mkdir(parents=True)
            assert make(clone, "demo").returncode == 0
        last = (clone / "log").read_text("utf-8").splitlines()[-1]
        asked = f"-m radistill predict {named}--heatmaps demo/maps --format table"
        assert last == f"{asked} demo/data/test/PNEUMONIA/person1 x.jpeg"


WITHOUT_TORCH = 'echo "$@" >> log; case "$2" in *find_spec*) exit 1;; esac'


@needs_make
@pytest.mark.skipif(sys.platform != "linux", reason="only there PyTorch comes with CUDA")
@pytest.mark.parametrize("name", ["demo", "lint"])
def test_the_size_of_cuda_is_said_before_it_is_installed(clone: Path, name: str) -> None:
    script(clone / ".venv/bin/python", WITHOUT_TORCH)
    script(clone / "bin/df", "echo; echo disk 1 1 99999999 1")
    done = make(clone, f"SHELL={path_first(clone)}", name)
    assert done.returncode == 0, done.stderr
    assert "about 5.5 GB" in done.stdout
    (install,) = [x for x in (clone / "log").read_text("utf-8").splitlines() if "pip" in x]
    assert f"-c constraints.txt -e .[{'train' if name == 'demo' else 'dev'}]" in install


PIP = 'echo "$@" >> log; case "$*" in *"pip install --no-deps"*) touch torch-is-here;; esac'
VERSIONS = """case "$2" in
    *find_spec*) [ -e torch-is-here ];;
    *metadata*) printf 'torch==2.13.0+cpu\\ntorchvision==0.28.0+cpu\\n';;
esac"""


@needs_make
@pytest.mark.parametrize(
    ("offered", "asked"),
    [
        ("TORCH_INDEX=http://x.invalid/cpu", "--index-url http://x.invalid/cpu"),
        ("TORCH_WHEELS=some wheels", "--no-index --find-links some wheels"),
    ],
)
def test_a_pytorch_that_is_offered_is_taken_whatever_the_pins_say(
    clone: Path, offered: str, asked: str
) -> None:
    """From there alone: beside the usual index pip would choose the newer one, with CUDA."""
    script(clone / ".venv/bin/python", f"{PIP}\n{VERSIONS}")
    done = make(clone, "demo", offered)
    assert done.returncode == 0, done.stderr
    assert "5.5 GB" not in done.stdout
    first, install = [x for x in (clone / "log").read_text("utf-8").splitlines() if "pip" in x]
    assert f" --no-deps {asked} -c constraints.txt torch torchvision" in first
    assert install.endswith("-c .venv/constraints.txt -e .[train]")
    assert torch_pins(clone) == ["torch==2.13.0+cpu", "torchvision==0.28.0+cpu"]


@needs_make
def test_an_offer_of_other_versions_than_the_pins_is_taken_too(clone: Path) -> None:
    pinned = 'case "$*" in *"-c constraints.txt torch"*) echo "$@" >> log; exit 1;; esac'
    script(clone / ".venv/bin/python", f"{pinned}\n{PIP}\n{VERSIONS}")
    assert make(clone, "demo", "TORCH_WHEELS=some wheels").returncode == 0
    _, second, _ = [x for x in (clone / "log").read_text("utf-8").splitlines() if "pip" in x]
    assert second.endswith("--no-index --find-links some wheels torch torchvision")
    nothing = 'echo "$@" >> log; case "$*" in *find_spec*|*"pip install"*) exit 1;; esac'
    script(clone / ".venv/bin/python", nothing)
    (clone / ".venv/.train").unlink()
    done = make(clone, "demo", "TORCH_WHEELS=some wheels")
    assert done.returncode != 0
    assert "no torch and torchvision for this Python in 'some wheels'" in done.stderr


@needs_make
def test_a_pytorch_that_is_there_is_not_replaced(clone: Path) -> None:
    (clone / "torch-is-here").touch()
    script(clone / ".venv/bin/python", f"{PIP}\n{VERSIONS}")
    assert make(clone, "demo").returncode == 0
    (install,) = [x for x in (clone / "log").read_text("utf-8").splitlines() if "pip" in x]
    assert install.endswith("-c .venv/constraints.txt -e .[train]")
    assert torch_pins(clone) == ["torch==2.13.0+cpu", "torchvision==0.28.0+cpu"]


@needs_make
def test_a_cpu_build_without_its_torchvision_is_refused(clone: Path) -> None:
    """That of the usual index is built for CUDA and fails beside it: `torchvision::nms`."""
    (clone / "torch-is-here").touch()
    versions = VERSIONS.replace("torchvision==0.28.0+cpu\\n", "")
    script(clone / ".venv/bin/python", f"{PIP}\n{versions}")
    done = make(clone, "demo")
    assert done.returncode != 0
    assert "install torchvision from where torch is from" in done.stderr
    assert "pip install" not in (clone / "log").read_text("utf-8")


def torch_pins(clone: Path) -> list[str]:
    """The other pins are as they were."""
    lines = (clone / ".venv/constraints.txt").read_text("utf-8").splitlines()
    torch = [line for line in lines if re.match(r"torch(vision)?==", line)]
    given = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    kept = [line for line in given if not re.match(r"torch(vision)?==", line)]
    assert [line for line in lines if line not in torch] == kept
    return torch


@needs_make
@pytest.mark.skipif(sys.platform != "linux", reason="only there PyTorch comes with CUDA")
def test_a_full_disk_is_said_before_the_install(clone: Path) -> None:
    script(clone / ".venv/bin/python", WITHOUT_TORCH)
    script(clone / "bin/df", "echo; echo disk 1 1 3000000 1")
    done = make(clone, f"SHELL={path_first(clone)}", "demo")
    assert done.returncode != 0
    assert "Only 2 GB are free here" in done.stderr
    assert "pip install" not in (clone / "log").read_text("utf-8")


@needs_make
def test_a_pytorch_that_is_there_is_kept(clone: Path) -> None:
    log = clone / "log"
    python = script(clone / "system python", f'echo "$@" >> "{log}"')
    make(clone, f"PYTHON={python}", "lint", "SYSTEM_SITE=1")  # nothing there goes on from here
    assert "-m venv --system-site-packages .venv" in log.read_text("utf-8")


def path_first(clone: Path) -> Path:
    """A shell that finds the programs in `bin` of the clone before others."""
    return script(clone.parent / "shell", f'PATH="{clone}/bin:$PATH" exec /bin/sh "$@"')


@needs_make
@pytest.mark.parametrize("status", [0, 1, 5])
def test_ci_gives_the_status_of_pytest(clone: Path, status: int) -> None:
    closing = "=========== 3 passed in 1.20s ==========="
    python = f'case "$2" in pytest) echo "$CI"; echo "{closing}"; exit {status};; esac'
    script(clone / ".venv/bin/python", python)
    done = subprocess.run(
        ["bash", ".ci/run"], cwd=clone, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == status, done.stdout
    assert done.stdout.rstrip().endswith(closing)
    assert "\ntrue\n" in done.stdout


@pytest.mark.slow
def test_the_pins_resolve_in_an_empty_environment(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True, timeout=120)
    done = subprocess.run(
        [
            *(tmp_path / "venv/bin/python", "-m", "pip", "install", "--dry-run", "--quiet"),
            *("--disable-pip-version-check", "--retries", "1", "--timeout", "15"),
            *("-c", "constraints.txt", ".[train]"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=540,
    )
    if done.returncode and re.search(r"connection|resolve host|timed out|network", done.stderr):
        pytest.skip("no network: pip reaches no package index")
    assert done.returncode == 0, done.stderr
