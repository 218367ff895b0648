"""A saved model comes back as it was, or says what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from radistill.errors import RadistillError, UsageError
from radistill.models import create, load_model, save_model
from radistill.models.networks import build
from radistill.schema.model_spec import read_spec


@pytest.mark.parametrize(
    ("name", "size", "variant"),
    [
        ("baseline", 32, ""),
        ("resnet50", 64, "v1"),
        ("shufflenet_v2_x0_5", 64, ""),
        ("efficientnet_lite0", 64, ""),
    ],
)
def test_round_trip(tmp_path: Path, name: str, size: int, variant: str) -> None:
    model = build(name, classes=3, dropout=0.3, input_size=size, variant=variant)
    model(torch.rand(4, 1, size, size))  # moves the running statistics
    save_model(model.to(memory_format=torch.channels_last), tmp_path, classes=["a", "b", "c"])
    again = load_model(tmp_path)
    x = torch.rand(2, 1, size, size)
    torch.testing.assert_close(again(x), model.eval()(x))
    assert not again.training
    assert (again.architecture, again.variant, again.dropout) == (name, variant, 0.3)
    assert read_spec(tmp_path).classes == ("a", "b", "c")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["model.json", "weights.safetensors"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    model, _ = create("baseline", classes=2, input_size=32)
    save_model(model, tmp_path)
    return tmp_path


def test_equal_models_give_equal_bytes(folder: Path, tmp_path: Path) -> None:
    save_model(load_model(folder), tmp_path / "again")
    first = (folder / "weights.safetensors").read_bytes()
    assert (tmp_path / "again" / "weights.safetensors").read_bytes() == first


def test_extra_spec_cannot_contradict_the_model(folder: Path) -> None:
    with pytest.raises(TypeError, match="input_size"):
        save_model(load_model(folder), folder, input_size=7)


@pytest.mark.parametrize("missing", ["model.json", "weights.safetensors"])
def test_absent_file(folder: Path, missing: str) -> None:
    (folder / missing).unlink()
    with pytest.raises(UsageError, match=missing):
        load_model(folder)


@pytest.mark.parametrize(
    ("content", "message"),
    [("{", "not JSON"), ("[]", "is damaged"), ('{"architecture": "resnet18"}', "variant")],
)
def test_broken_spec(folder: Path, content: str, message: str) -> None:
    (folder / "model.json").write_text(content)
    with pytest.raises(RadistillError, match=rf"model\.json.*{message}"):
        load_model(folder)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("architecture", "resnet18", "missing \\(backbone.conv1.weight"),
        ("num_classes", 5, "another shape \\(head.1"),
        ("input_size", 64, "another shape \\(backbone.dense"),
        ("variant", "v2", "variant"),
    ],
)
def test_weights_of_another_model(folder: Path, key: str, value: object, message: str) -> None:
    spec = json.loads((folder / "model.json").read_text())
    (folder / "model.json").write_text(json.dumps({**spec, key: value}))
    with pytest.raises(RadistillError, match=message):
        load_model(folder)


def test_truncated_weights(folder: Path) -> None:
    file = folder / "weights.safetensors"
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(UsageError, match="not a whole safetensors"):
        load_model(folder)


def test_unexpected_key(folder: Path) -> None:
    file = folder / "weights.safetensors"
    save_file({**load_file(file), "extra": torch.zeros(1)}, file)
    with pytest.raises(UsageError, match=r"1 unexpected \(extra\)"):
        load_model(folder)


def test_a_network_that_enlarges_is_read_back_as_one(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model, _ = create("efficientnet_lite0_first3", classes=2, weights="random", input_size=32)
    films = torch.rand(2, 1, 32, 32)
    plain = model.eval()(films)
    model.enlarge = 2
    larger = torch.nn.functional.interpolate(films, size=64, mode="bilinear", align_corners=False)
    enlarged = model(films)
    model.enlarge = 1
    torch.testing.assert_close(enlarged, model(larger))
    assert not torch.allclose(enlarged, plain)
    model.enlarge = 2
    save_model(model, tmp_path, classes=["a", "b"])
    assert torch.equal(load_model(tmp_path)(films), enlarged)


def test_pooled_stages_are_read_back(tmp_path: Path) -> None:
    model, _ = create("resnet18", classes=2, weights="random", input_size=64, pooling="stages")
    save_model(model.eval(), tmp_path, classes=["a", "b"])
    images = torch.rand(2, 1, 64, 64)
    with torch.no_grad():
        assert torch.equal(load_model(tmp_path)(images), model(images))
