"""Which layers learn, how fast, with what decay, and whose batch statistics move."""

from __future__ import annotations

from typing import Literal

import pytest
import torch
from torch import nn

from radistill.errors import UsageError
from radistill.models import GreyClassifier, create, set_training_mode, trainable_groups


def make(name: str = "resnet18") -> GreyClassifier:
    return create(name, classes=2, weights="random", input_size=64)[0]


def groups(model: GreyClassifier, **changes: float) -> list[dict]:
    options = {"frozen_stages": 0, "learning_rate": 0.1, "layer_decay": 1.0, "weight_decay": 0.01}
    return trainable_groups(model, **{**options, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("frozen", [0, 2, 5])
def test_every_parameter_is_frozen_or_in_one_group(frozen: int) -> None:
    model = make()
    held = [id(p) for group in groups(model, frozen_stages=frozen) for p in group["params"]]
    assert len(held) == len(set(held))
    assert set(held) == {id(p) for p in model.parameters() if p.requires_grad}
    for stage in model.stages[:frozen]:
        assert not any(p.requires_grad for module in stage for p in module.parameters())
    assert all(p.requires_grad for p in model.head.parameters())


def test_rates_fall_towards_the_pixels() -> None:
    model = make()
    rates = {id(p): g["lr"] for g in groups(model, layer_decay=0.5) for p in g["params"]}
    by_hand = {
        "backbone.conv1.weight": 0.1 / 16,
        "backbone.bn1.bias": 0.1 / 16,
        "backbone.layer1.1.conv2.weight": 0.1 / 8,
        "backbone.layer2.0.downsample.0.weight": 0.1 / 4,
        "backbone.layer3.0.bn1.weight": 0.1 / 2,
        "backbone.layer4.1.conv1.weight": 0.1,
        "head.1.weight": 0.1,
    }
    for name, rate in by_hand.items():
        assert rates[id(model.get_parameter(name))] == pytest.approx(rate), name


def test_a_row_of_blocks_shares_its_rate() -> None:
    """EfficientNet-Lite: stem, seven rows; the convolution behind them goes with the last row."""
    model = make("efficientnet_lite0")
    rates = {id(p): g["lr"] for g in groups(model, layer_decay=0.5) for p in g["params"]}
    for name, parameter in model.named_parameters():
        part = name.removeprefix("backbone.").split(".")
        stage = {"conv_stem": 1, "bn1": 1}.get(part[0], 8)
        if part[0] == "blocks":
            stage = int(part[1]) + 2
        assert rates[id(parameter)] == pytest.approx(0.1 * 0.5 ** (8 - stage)), name


def test_decay_spares_biases_and_norms() -> None:
    for group in groups(make()):
        for parameter in group["params"]:
            assert group["weight_decay"] == (0.01 if parameter.ndim > 1 else 0.0)


def test_thawing_undoes_freezing() -> None:
    model = make()
    groups(model, frozen_stages=5)
    groups(model, frozen_stages=0)
    assert all(p.requires_grad for p in model.parameters())


def test_parameters_outside_any_stage_go_with_the_first() -> None:
    model = make("vit_tiny_patch16_224")
    token = model.backbone.cls_token
    (group,) = [g for g in groups(model, layer_decay=0.5) if any(p is token for p in g["params"])]
    assert group["lr"] == pytest.approx(0.1 * 0.5**12)
    assert group["weight_decay"] == 0  # exempted by timm
    groups(model, frozen_stages=1)
    assert not token.requires_grad


def test_too_many_frozen_stages() -> None:
    with pytest.raises(UsageError, match="resnet18 has 5 stages"):
        groups(make(), frozen_stages=6)


def test_an_optimiser_takes_them_and_leaves_frozen_stages_alone() -> None:
    model = make()
    optimiser = torch.optim.SGD(groups(model, frozen_stages=2))
    before = {name: p.clone() for name, p in model.named_parameters()}
    model(torch.rand(4, 1, 64, 64)).square().sum().backward()
    optimiser.step()
    moved = {name for name, p in model.named_parameters() if not torch.equal(p, before[name])}
    assert "head.1.weight" in moved
    assert "backbone.layer2.0.conv1.weight" in moved
    assert not [name for name in moved if name.startswith(("backbone.conv1", "backbone.layer1"))]


def moved(frozen: int, batch_norm: Literal["train", "frozen"]) -> set[str]:
    """Names of running means that one training batch changes."""
    model, _ = create("resnet18", classes=2, weights="random", input_size=64)
    model.eval()
    set_training_mode(model, frozen_stages=frozen, batch_norm=batch_norm)
    before = {k: v.clone() for k, v in model.state_dict().items() if k.endswith("running_mean")}
    model(torch.rand(4, 1, 64, 64))
    after = model.state_dict()
    return {key for key, value in before.items() if not torch.equal(after[key], value)}


def test_frozen_stages_keep_their_statistics() -> None:
    names = moved(2, "train")
    assert "backbone.layer2.0.bn1.running_mean" in names
    assert not [n for n in names if n.startswith(("backbone.bn1", "backbone.layer1"))]


@pytest.mark.parametrize("frozen", [0, 3])
def test_all_statistics_stay_when_frozen(frozen: int) -> None:
    assert moved(frozen, "frozen") == set()


def test_all_statistics_move_when_nothing_is_frozen() -> None:
    assert len(moved(0, "train")) == 20


def test_dropout_stays_on_and_norm_weights_stay_trainable() -> None:
    model, _ = create("resnet18", classes=2, weights="random", input_size=64, dropout=0.5)
    set_training_mode(model, frozen_stages=0, batch_norm="frozen")
    assert model.head[0].training
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    assert not any(m.training for m in norms)
    assert all(m.weight.requires_grad for m in norms)
