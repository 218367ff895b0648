"""Files of weights: which fit, which do not, and what is said of them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torchvision
from safetensors.torch import save_file

from radistill.errors import UsageError
from radistill.models import create, save_model
from radistill.models.weights.tensors import read_weights

NAME = "shufflenet_v2_x0_5"


@pytest.fixture(scope="module")
def state() -> dict[str, torch.Tensor]:
    torch.manual_seed(1)
    return torchvision.models.get_model(NAME).state_dict()


def take(file: Path, name: str = NAME):
    return create(name, classes=2, weights=str(file), input_size=64)


@pytest.mark.parametrize("wrapped", ["plain", "state_dict", "model", "parallel"])
def test_torch_files(tmp_path: Path, state: dict[str, torch.Tensor], wrapped: str) -> None:
    values = {
        "plain": state,
        "state_dict": {"state_dict": state, "epoch": 3},
        "model": {"model": state},
        "parallel": {f"module.{key}": value for key, value in state.items()},
    }
    torch.save(values[wrapped], tmp_path / "w.pth")
    model, report = take(tmp_path / "w.pth")
    assert report.misfits == ""
    assert report.loaded == len(state) - 2  # all but the ImageNet head
    for key, value in model.backbone.state_dict().items():
        assert torch.equal(value, state[key])


def test_half_precision_is_widened(tmp_path: Path, state: dict[str, torch.Tensor]) -> None:
    half = {k: v.half() if v.is_floating_point() else v for k, v in state.items()}
    save_file(half, tmp_path / "w.safetensors")
    model, _ = take(tmp_path / "w.safetensors")
    weight = model.backbone.conv1[0].weight
    assert weight.dtype == torch.float32
    assert torch.equal(weight, state["conv1.0.weight"].half().float())


def test_missing_and_unexpected_keys_are_reported(
    tmp_path: Path, state: dict[str, torch.Tensor]
) -> None:
    partial = {**state, "aside": torch.zeros(1), "conv1.1.bias": torch.zeros(7)}
    del partial["conv1.0.weight"]
    del partial["conv1.1.num_batches_tracked"]  # a counter, of no consequence
    save_file(partial, tmp_path / "w.safetensors")
    _, report = take(tmp_path / "w.safetensors")
    assert report.misfits == (
        "1 missing (conv1.0.weight); 1 unexpected (aside); 1 of another shape (conv1.1.bias)"
    )
    for part in ("1 missing (conv1.0.weight)", "1 unexpected (aside)", str(report.sha256)):
        assert part in report.summary()


@pytest.mark.parametrize(
    ("of", "into"),
    [
        ("resnet18", NAME),
        ("resnet34", "resnet18"),
        ("resnet18", "resnet34"),
        ("resnet18", "mnasnet0_5"),
    ],
)
def test_another_architecture(tmp_path: Path, of: str, into: str) -> None:
    torch.save(torchvision.models.get_model(of).state_dict(), tmp_path / "w.pt")
    with pytest.raises(UsageError, match=rf"w\.pt: weights of another architecture than {into}"):
        take(tmp_path / "w.pt", into)


def test_metadata_that_names_another_architecture(
    tmp_path: Path, state: dict[str, torch.Tensor]
) -> None:
    save_file(state, tmp_path / "w.safetensors", {"architecture": "resnet18"})
    with pytest.raises(UsageError, match="weights of resnet18, not of shufflenet"):
        take(tmp_path / "w.safetensors")


@pytest.mark.parametrize("as_folder", [True, False])
def test_a_saved_model_gives_its_backbone(tmp_path: Path, as_folder: bool) -> None:
    first, _ = create(NAME, classes=4, weights="random", input_size=64)
    save_model(first, tmp_path)
    model, report = take(tmp_path if as_folder else tmp_path / "weights.safetensors")
    x = torch.rand(2, 1, 64, 64)
    torch.testing.assert_close(model.eval().embedding(x), first.eval().embedding(x))
    assert report.misfits == ""
    assert model(x).shape == (2, 2)


def test_strides_come_from_the_metadata(tmp_path: Path) -> None:
    state = torchvision.models.resnet50().state_dict()
    save_file(state, tmp_path / "w.safetensors", {"stride": "v1: stride 2 on conv1"})
    model, report = take(tmp_path / "w.safetensors", "resnet50")
    assert model.variant == "v1"
    assert model.backbone.layer2[0].conv1.stride == (2, 2)
    assert "strides of the original" in report.summary()
    save_model(model, tmp_path / "saved")
    again, _ = take(tmp_path / "saved", "resnet50")
    assert again.variant == "v1"


class Pickled:
    """A class that weights_only must refuse."""


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("w.pth", b"", "cannot be read"),
        ("w.pth", b"not a zip file", "cannot be read"),
        ("w.safetensors", b"", "not a whole safetensors"),
        ("w.h5", b"x", r"\.safetensors, \.pth or \.pt"),
    ],
)
def test_broken_files(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError, match=message):
        read_weights(tmp_path / name)


def test_pickled_objects_are_refused(tmp_path: Path) -> None:
    torch.save(Pickled(), tmp_path / "w.pth")
    with pytest.raises(UsageError, match="pickled objects are refused"):
        read_weights(tmp_path / "w.pth")


def test_a_file_of_something_else(tmp_path: Path) -> None:
    torch.save({"epoch": 3}, tmp_path / "w.pth")
    with pytest.raises(UsageError, match="holds no state_dict"):
        read_weights(tmp_path / "w.pth")


def test_no_such_file_or_source() -> None:
    with pytest.raises(UsageError, match="none of random, auto, cache"):
        create(NAME, classes=2, weights="imagenet")
