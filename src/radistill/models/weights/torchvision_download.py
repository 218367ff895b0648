"""ImageNet weights by torchvision's own download, with its cache honoured."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlparse

import torch
import torchvision

from radistill.errors import RadistillError, UsageError
from radistill.files import sha256
from radistill.models.weights.tensors import WeightsFile

# Per connection and per read, so an unreachable server costs this and not minutes.
TIMEOUT_SECONDS = 8.0


def from_torchvision(architecture: str, cache: Path) -> WeightsFile:
    """The weights torchvision publishes, from torch.hub's folder or downloaded into it.

    The first published weights (IMAGENET1K_V1) are taken unless only others are there already.
    `cache` is not used: torch.hub has a folder of its own (see $TORCH_HOME).
    Raises UsageError if torchvision publishes none, RadistillError if they cannot be had.
    """
    choices = _choices(architecture)
    if not choices:
        raise UsageError(f"torchvision publishes no weights of {architecture}")
    chosen = next((one for one in choices if _file(one).is_file()), choices[0])
    file = _file(chosen)
    try:
        with _timeout(TIMEOUT_SECONDS):
            network = torchvision.models.get_model(
                architecture, weights=chosen, progress=sys.stderr.isatty()
            )
    except OSError as error:
        raise RadistillError(f"{chosen.url} cannot be had ({error})") from None
    except Exception as error:  # a damaged file fails in many ways: hash, zip, pickle, shapes
        raise RadistillError(
            f"{file}: is damaged ({type(error).__name__}: {str(error).splitlines()[0]}); "
            "delete it and run again"
        ) from None
    note = {"architecture": architecture, "source": str(chosen)}
    return WeightsFile(network.state_dict(), "torchvision", file, sha256(file), note)


def published(architecture: str) -> bool:
    """Whether torchvision publishes ImageNet weights of `architecture`."""
    return bool(_choices(architecture))


def downloaded_file(architecture: str) -> Path | None:
    """The file in torch.hub's folder that `from_torchvision` would take, if there is one."""
    files = (_file(weights) for weights in _choices(architecture))
    return next((file for file in files if file.is_file()), None)


def _choices(architecture: str) -> list[torchvision.models.WeightsEnum]:
    try:
        return list(torchvision.models.get_model_weights(architecture))
    except ValueError:
        return []


def _file(weights: torchvision.models.WeightsEnum) -> Path:
    """Where torch.hub keeps the download."""
    return Path(torch.hub.get_dir()) / "checkpoints" / Path(urlparse(weights.url).path).name


@contextmanager
def _timeout(seconds: float) -> Iterator[None]:
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
