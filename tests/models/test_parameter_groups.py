"""Who is trained, how fast, and with what decay."""

from __future__ import annotations

import pytest
import torch

from radistill.errors import UsageError
from radistill.models import GreyClassifier, create, trainable_groups


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
    found = {g["name"]: g["lr"] for g in groups(make(), layer_decay=0.5)}
    wanted = {f"stage{i}": 0.1 * 0.5 ** (5 - i) for i in range(1, 6)} | {"head": 0.1}
    assert found == pytest.approx(wanted)


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
    model = make("vit_b_16")
    first = {id(p) for g in groups(model) if g["name"] == "stage1" for p in g["params"]}
    assert id(model.backbone.class_token) in first
    groups(model, frozen_stages=1)
    assert not model.backbone.class_token.requires_grad


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
