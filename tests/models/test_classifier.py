"""Every network: shapes, normalisation in the graph, stages, errors."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from radistill.errors import UsageError
from radistill.models import GreyClassifier, create
from radistill.models.networks import IMAGENET_MEAN, IMAGENET_STD, architectures, build

MAIN = [
    ("baseline", 128, 128, 3),
    ("resnet50", 64, 2048, 5),
    ("resnet18", 64, 512, 5),
    ("mobilenet_v3_small", 64, 1024, 14),
    ("shufflenet_v2_x0_5", 64, 1024, 5),
    ("efficientnet_lite0", 64, 1280, 9),
]


def make(name: str, size: int = 64, classes: int = 2, dropout: float = 0.0) -> GreyClassifier:
    model, report = create(
        name, classes=classes, weights="random", input_size=size, dropout=dropout
    )
    assert report.source == "random"
    return model


@pytest.mark.parametrize(("name", "size", "embedding", "stages"), MAIN)
def test_shapes_and_stages(name: str, size: int, embedding: int, stages: int) -> None:
    model = make(name, size, classes=3, dropout=0.25).eval()
    x = torch.rand(2, 1, size, size)
    assert model(x).shape == (2, 3)
    assert model.embedding(x).shape == (2, embedding)
    assert model.embedding_size == embedding
    assert (model.architecture, model.input_size) == (name, size)
    assert len(model.stages) == stages
    torch.testing.assert_close(model.head(model.embedding(x)), model(x))


@pytest.mark.parametrize(("name", "size", "embedding", "stages"), MAIN)
def test_stages_hold_every_backbone_parameter_once(
    name: str, size: int, embedding: int, stages: int
) -> None:
    model = make(name, size)
    held = [id(p) for stage in model.stages for module in stage for p in module.parameters()]
    assert sorted(held) == sorted(id(p) for p in model.backbone.parameters())


def test_resnet_and_shufflenet_stages_by_name() -> None:
    resnet = make("resnet18")
    b = resnet.backbone
    assert resnet.stages == [[b.conv1, b.bn1], [b.layer1], [b.layer2], [b.layer3], [b.layer4]]
    shuffle = make("shufflenet_v2_x0_5")
    b = shuffle.backbone
    assert shuffle.stages == [[b.conv1], [b.stage2], [b.stage3], [b.stage4], [b.conv5]]


def test_grey_is_normalised_for_each_channel() -> None:
    model = make("resnet18").eval()
    x = torch.rand(2, 1, 64, 64)
    rgb = x.repeat(1, 3, 1, 1)
    mean, std = torch.tensor(IMAGENET_MEAN), torch.tensor(IMAGENET_STD)
    by_hand = (rgb - mean[:, None, None]) / std[:, None, None]
    torch.testing.assert_close(model.embedding(x), model.backbone(by_hand))


def test_baseline_is_the_published_small_network() -> None:
    model = make("baseline", 128, dropout=0.5)
    convolution = (9 * 1 * 32 + 32) + (9 * 32 * 64 + 64)
    dense = (64 * 32 * 32 * 128 + 128) + (128 * 2 + 2)
    assert sum(p.numel() for p in model.parameters()) == convolution + dense
    active = [m.p for m in model.modules() if isinstance(m, nn.Dropout) and m.p > 0]
    assert active == [0.5]
    assert float(model.mean) == 0.5
    assert float(model.std) == 0.25


def test_dropout_is_what_was_asked_for() -> None:
    """MobileNet brings a dropout before its last layer; it must not add to ours."""
    model = make("mobilenet_v3_small", dropout=0.0).train()
    assert not [m for m in model.backbone.modules() if isinstance(m, nn.Dropout)]
    assert make("mobilenet_v3_small", dropout=0.6).head[0].p == 0.6


def test_same_seed_same_weights() -> None:
    torch.manual_seed(3)
    first = make("shufflenet_v2_x0_5").state_dict()
    torch.manual_seed(3)
    second = make("shufflenet_v2_x0_5").state_dict()
    assert all(torch.equal(first[key], second[key]) for key in first)


def test_a_copy_has_stages_of_its_own() -> None:
    model = make("shufflenet_v2_x0_5")
    twin = copy.deepcopy(model)
    assert twin.stages[0][0] is twin.backbone.conv1
    assert twin.stages[0][0] is not model.stages[0][0]


def test_v1_strides_are_on_the_first_convolution() -> None:
    later = build("resnet50", classes=2, dropout=0, input_size=64)
    first = build("resnet50", classes=2, dropout=0, input_size=64, variant="v1")
    for name in ("layer2", "layer3", "layer4"):
        block = getattr(first.backbone, name)[0]
        assert (block.conv1.stride, block.conv2.stride) == ((2, 2), (1, 1))
        block = getattr(later.backbone, name)[0]
        assert (block.conv1.stride, block.conv2.stride) == ((1, 1), (2, 2))
    first.load_state_dict(later.state_dict())
    x = torch.rand(1, 1, 64, 64)
    assert not torch.allclose(first.eval()(x), later.eval()(x))


@pytest.mark.parametrize("name", ["vit_b_16", "convnext_tiny", "densenet121", "regnet_y_400mf"])
def test_other_torchvision_classifiers(name: str) -> None:
    model = make(name).eval()
    assert model(torch.rand(1, 1, 64, 64)).shape == (1, 2)
    assert len(model.stages) >= 2


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("resnet_50", "did you mean 'resnet50'"),
        ("nothing like it", "baseline, resnet50"),
        ("inception_v3", "auxiliary"),
        ("squeezenet1_0", "convolution"),
        ("fasterrcnn_resnet50_fpn", "no architecture"),
    ],
)
@pytest.mark.parametrize("weights", ["random", "auto"])
def test_names_that_cannot_be_taken(name: str, message: str, weights: str) -> None:
    with pytest.raises(UsageError, match=message):
        create(name, classes=2, weights=weights)


@pytest.mark.parametrize(("name", "size"), [("densenet121", 16), ("vit_b_16", 100)])
def test_size_that_does_not_fit(name: str, size: int) -> None:
    with pytest.raises(UsageError, match=f"cannot take input_size {size}"):
        make(name, size)


def test_listed_names_are_classifiers() -> None:
    names = architectures()
    assert names[0] == "baseline"
    assert len(names) == len(set(names))
    assert "wide_resnet50_2" in names
    assert "googlenet" not in names
