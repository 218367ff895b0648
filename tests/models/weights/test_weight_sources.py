"""Which source `auto` takes, and how it ends where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from radistill.errors import RadistillError, UsageError
from radistill.models import create, library
from radistill.models.weights.weight_sources import cache_folder


def test_auto_names_what_was_tried(tmp_path: Path, offline: None) -> None:
    with pytest.raises(RadistillError) as caught:
        create("convnext_atto", classes=2, cache=tmp_path)
    message = str(caught.value)
    assert "timm: timm/convnext_atto" in message
    assert "radistill weights import FILE --architecture convnext_atto" in message
    assert "weights: random" in message


@pytest.mark.parametrize("source", ["npm", "pypi", "timm"])
def test_the_baseline_has_no_pretrained_weights(tmp_path: Path, source: str) -> None:
    with pytest.raises(UsageError, match="baseline"):
        create("baseline", classes=2, weights=source, cache=tmp_path)


def test_the_source_of_the_version_before(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"torchvision is gone; 'timm' .* resnet50\.tv_in1k"):
        create("resnet18", classes=2, weights="torchvision", cache=tmp_path)


def test_lite0_from_the_wheel_then_from_the_cache(tmp_path: Path) -> None:
    first, report = create("efficientnet_lite0", classes=2, input_size=64, cache=tmp_path)
    assert (report.source, report.loaded) == ("pypi", 294)
    kept, _ = library.import_weights("pypi", cache=tmp_path)
    assert kept == tmp_path / "efficientnet_lite0.safetensors"
    again, report = create("efficientnet_lite0", classes=2, input_size=64, cache=tmp_path)
    assert report.source == "cache"
    for key, value in first.backbone.state_dict().items():
        assert torch.equal(again.backbone.state_dict()[key], value)


def test_cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RADISTILL_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "radistill" / "weights"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path.home() / ".cache" / "radistill" / "weights"
    monkeypatch.setenv("RADISTILL_CACHE", str(tmp_path / "mine"))
    assert cache_folder() == tmp_path / "mine"
