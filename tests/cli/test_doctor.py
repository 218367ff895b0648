"""`radistill doctor`: what is here, what is missing, and what to type."""

from __future__ import annotations

import errno
import json
import tempfile
from importlib import metadata
from pathlib import Path

import pytest

from radistill.cli import extras, installation

from ..command_line import Command

REQUIRES = [
    "numpy>=2.0",
    "packaging>=24",
    "no-such-package>=1; extra == 'train'",
    "torch>=999; extra == 'train'",
    "numpy>=2.0; extra == 'train'",
    "no-such-reader; extra == 'dicom'",
    "scikit-learn; extra == 'adapt'",
    "scikit-learn; extra == 'train'",
    "pytest; extra == 'dev'",
]


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation with these requirements."""
    known = metadata.metadata("radistill")
    del known["Provides-Extra"]
    for name in ("train", "dicom", "adapt", "dev"):
        known["Provides-Extra"] = name
    monkeypatch.setattr(metadata, "requires", lambda _: REQUIRES)
    monkeypatch.setattr(metadata, "metadata", lambda _: known)


@pytest.mark.usefixtures("installed")
def test_what_is_missing_is_named_with_its_extra(radistill: Command) -> None:
    status, out, err = radistill("doctor", "--no-network")
    assert (status, err) == (0, "")
    lines = [line.strip() for line in out.splitlines()]
    assert any(line.startswith("light install") and "2 of 2" in line for line in lines)
    train = next(line for line in lines if "no-such-package" in line)
    assert "torch (" in train
    assert ">=999 is needed" in train
    assert "pip install" in train
    assert "[train]" in train
    assert any("no-such-reader" in line and "[dicom]" in line for line in lines)
    assert "pytest" not in out


@pytest.mark.usefixtures("installed")
def test_json_has_the_same(radistill: Command) -> None:
    status, out, _ = radistill("doctor", "--json", "--no-network")
    findings = {finding["name"]: finding for finding in json.loads(out)}
    assert status == 0
    assert findings["extra [train]"]["here"] == "2 of 4 packages"
    assert {"radistill", "Python", "cores", "memory", "GPU", "here", "installed"} < set(findings)
    assert findings["installed"]["here"] == "pneumonia-children, pneumonia-children-tiny"


def test_a_broken_light_install_is_a_status(
    radistill: Command, monkeypatch: pytest.MonkeyPatch, installed: None
) -> None:
    monkeypatch.setattr(metadata, "requires", lambda _: ["no-such-package"])
    status, out, _ = radistill("doctor", "--no-network")
    assert status == 1
    assert "missing: no-such-package" in out


def test_a_checkout_that_was_never_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(_: str) -> None:
        raise metadata.PackageNotFoundError

    for name in ("requires", "metadata", "distribution"):
        monkeypatch.setattr(metadata, name, absent)
    findings = {finding.name: finding for finding in installation.examine(network=False)}
    assert "never installed" in findings["extras"].lacks
    assert extras.install_command("train") == "pip install 'radistill[train]'"


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("module", "command", "extra"),
    [
        ("torch", "adapt", "train"),  # --finetune; its own extra has none
        ("sklearn", "adapt", "adapt"),
        ("sklearn", "run", "train"),
        ("no_such_reader", "predict", "dicom"),
        ("numpy", "predict", ""),
        ("unheard_of", "serve", "serve"),
    ],
)
def test_the_extra_is_that_of_the_package(module: str, command: str, extra: str) -> None:
    assert extras.extra_of(module, command) == extra


def test_a_clone_is_installed_from_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    clone = tmp_path / "a clöne"
    clone.mkdir()
    (clone / "pyproject.toml").touch()

    class Installed:
        def read_text(self, _: str) -> str:
            return json.dumps({"url": clone.as_uri(), "dir_info": {"editable": True}})

    monkeypatch.setattr(metadata, "distribution", lambda _: Installed())
    asked = f"pip install -c '{clone}/constraints.txt' -e '{clone}[train]'"
    assert extras.install_command("train") == asked
    (clone / "pyproject.toml").unlink()
    assert extras.install_command("train") == "pip install 'radistill[train]'"


def test_no_folder_for_temporary_files_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    """As `tempfile` says it where /tmp is full and the home is read-only."""

    def none() -> str:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']")

    monkeypatch.setattr(tempfile, "gettempdir", none)
    all_of_them = installation.examine(network=False)
    disk = (finding for finding in all_of_them if finding.topic == "disk")
    temporary, here = next(disk), next(disk)  # before PyTorch, which itself needs one
    assert (temporary.name, here.name) == ("temporary files", "here")
    assert "TMPDIR" in temporary.lacks


def test_a_proxy_is_shown_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://me:secret@proxy.invalid:3128")
    findings = {finding.name: finding for finding in installation.examine(network=False)}
    assert "proxy.invalid:3128" in findings["proxy"].here
    assert "secret" not in findings["proxy"].here
    assert "outside" not in findings


def test_a_proxy_that_does_not_answer_is_where_to_look(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    (outside,) = [one for one in installation.examine() if one.name == "outside"]
    assert "through the proxy 127.0.0.1:9" in outside.lacks
    assert "Connection refused" in outside.lacks
    assert "Behind a proxy set" not in outside.lacks


@pytest.mark.parametrize(("answer", "here"), [("", "reached"), ("refused", "not reached")])
def test_the_network_is_tried(monkeypatch: pytest.MonkeyPatch, answer: str, here: str) -> None:
    monkeypatch.setattr(installation, "_ask", lambda host: answer)
    findings = {finding.name: finding for finding in installation.examine()}
    assert findings["outside"].here == here
    assert answer in findings["outside"].lacks
    assert bool(answer) == bool(findings["outside"].lacks)


def test_a_cache_that_cannot_be_written_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RADISTILL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(installation.os, "access", lambda folder, mode: folder != tmp_path)
    findings = {finding.name: finding for finding in installation.examine(network=False)}
    assert "set RADISTILL_CACHE" in findings["cache of weights"].lacks
