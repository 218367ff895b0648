"""Every network: shapes, normalisation in the graph, stages, feature maps, errors."""

from __future__ import annotations

import copy

import pytest
import timm
import torch
from torch import nn
from torch.nn import functional as F

from radistill.errors import UsageError
from radistill.models import GreyClassifier, create
from radistill.models.networks import architectures, build

MAIN = [
    ("baseline", 128, 128, 3),
    ("resnet50", 64, 2048, 5),
    ("resnet18", 64, 512, 5),
    ("mobilenet_v3_small", 64, 1024, 8),
    ("mobilenetv4_conv_small", 64, 1280, 7),
    ("convnext_atto", 64, 320, 6),
    ("shufflenet_v2_x0_5", 64, 1024, 5),
    ("efficientnet_lite0", 64, 1280, 8),
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


@pytest.mark.parametrize("name", [name for name, *_ in MAIN])
def test_stages_run_one_after_the_other(name: str) -> None:
    model = make(name).eval()
    films = torch.rand(2, 1, 64, 64)
    x = model.normalised(films)
    for stage in model.stages:
        for module in stage:
            x = module(x)
    torch.testing.assert_close(x, model.embedding(films))


def test_resnet_and_shufflenet_stages_by_name() -> None:
    resnet = make("resnet18")
    b = resnet.backbone
    assert resnet.stages == [
        [b.conv1, b.bn1, b.act1, b.maxpool],
        [b.layer1],
        [b.layer2],
        [b.layer3],
        [b.layer4, b.global_pool, b.fc],
    ]
    shuffle = make("shufflenet_v2_x0_5")
    b = shuffle.backbone
    assert shuffle.stages == [
        [b.conv1, b.maxpool],
        [b.stage2],
        [b.stage3],
        [b.stage4],
        [b.conv5, b.pool],
    ]


def test_children_are_stages_where_timm_has_no_groups() -> None:
    model = make("poolformer_s12")
    assert not hasattr(model.backbone, "group_matcher")
    assert [len(stage) for stage in model.stages] == [1, 1, 1]  # stem, stages, head


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        *((name, None) for name, *_ in MAIN),
        ("vit_tiny_patch16_224", (192, 4, 4)),  # tokens, one of them of the class
        ("swin_tiny_patch4_window7_224", (768, 2, 2)),  # channels last
    ],
)
def test_feature_map_and_embedding_in_one_pass(
    name: str, shape: tuple[int, int, int] | None
) -> None:
    model = make(name).eval()
    x = torch.rand(2, 1, 64, 64)
    features, embedding = model.outputs(x)
    assert features.ndim == 4
    assert features.shape[2] == features.shape[3] > 1
    assert shape is None or features.shape[1:] == shape
    assert torch.equal(embedding, model.embedding(x))


def test_a_feature_map_keeps_its_places() -> None:
    """A transformer's tokens lie in rows, as the patches do."""
    model = make("vit_tiny_patch16_224").eval()
    tokens = torch.arange(17.0).view(1, 17, 1)
    assert model._feature_map(tokens)[0, 0].tolist() == [
        [1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12], [13, 14, 15, 16]
    ]  # fmt: skip


def test_grey_is_normalised_for_each_channel() -> None:
    model = make("resnet18").eval()
    x = torch.rand(2, 1, 64, 64)
    rgb = x.repeat(1, 3, 1, 1)
    mean, std = torch.tensor((0.485, 0.456, 0.406)), torch.tensor((0.229, 0.224, 0.225))
    by_hand = (rgb - mean[:, None, None]) / std[:, None, None]
    torch.testing.assert_close(model.embedding(x), model.backbone(by_hand))


def test_normalisation_is_that_of_the_weights() -> None:
    """timm states it for each network; EfficientNet-Lite's is the original one."""
    assert make("vit_tiny_patch16_224").mean.flatten().tolist() == [0.5] * 3
    assert make("efficientnet_lite0").mean.flatten().tolist() == pytest.approx([127 / 255] * 3)


def test_baseline_is_the_published_small_network() -> None:
    model = make("baseline", 128, dropout=0.5)
    convolution = (9 * 1 * 32 + 32) + (9 * 32 * 64 + 64)
    dense = (64 * 32 * 32 * 128 + 128) + (128 * 2 + 2)
    assert sum(p.numel() for p in model.parameters()) == convolution + dense
    active = [m.p for m in model.modules() if isinstance(m, nn.Dropout) and m.p > 0]
    assert active == [0.5]
    assert float(model.mean) == 0.5
    assert float(model.std) == 0.25


@pytest.mark.parametrize("name", ["mobilenet_v3_small", "densenet121"])
def test_dropout_is_what_was_asked_for(name: str) -> None:
    """A network's own dropout before its last layer must not add to ours."""
    model = make(name, dropout=0.0).train()
    assert not [m for m in model.backbone.modules() if isinstance(m, nn.Dropout) and m.p > 0]
    assert make(name, dropout=0.6).head[0].p == 0.6


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
    later = build("resnet50", classes=2, input_size=64)
    first = build("resnet50", classes=2, input_size=64, variant="v1")
    for name in ("layer2", "layer3", "layer4"):
        block = getattr(first.backbone, name)[0]
        assert (block.conv1.stride, block.conv2.stride) == ((2, 2), (1, 1))
        block = getattr(later.backbone, name)[0]
        assert (block.conv1.stride, block.conv2.stride) == ((1, 1), (2, 2))
    with torch.no_grad():
        for norm in later.modules():  # timm starts with residual branches that give 0
            if isinstance(norm, nn.BatchNorm2d):
                norm.weight.fill_(1)
    first.load_state_dict(later.state_dict())
    x = torch.rand(1, 1, 64, 64)
    assert not torch.allclose(first.eval()(x), later.eval()(x))


def test_only_a_resnet_has_v1_strides() -> None:
    with pytest.raises(UsageError, match="only a ResNet"):
        build("densenet121", classes=2, input_size=64, variant="v1")


@pytest.mark.parametrize("name", ["baseline", "vit_tiny_patch16_224"])
def test_networks_of_a_fixed_size_enlarge_too(name: str) -> None:
    torch.manual_seed(0)
    model, _ = create(name, classes=2, weights="random", input_size=32, enlarge=2)
    films = torch.rand(2, 1, 32, 32)
    larger = F.interpolate(films, size=64, mode="bilinear", align_corners=False)
    torch.manual_seed(0)
    plain, _ = create(name, classes=2, weights="random", input_size=64)
    torch.testing.assert_close(model.eval()(films), plain.eval()(larger))


@pytest.mark.parametrize(
    "name",
    [
        "vit_b_16",
        "convnext_tiny",
        "densenet121",
        "regnet_y_400mf",
        "mnasnet0_5",
        "resnet50.tv_in1k",
    ],
)
def test_names_of_torchvision_and_of_timms_weights(name: str) -> None:
    model = make(name).eval()
    assert model(torch.rand(1, 1, 64, 64)).shape == (1, 2)
    assert len(model.stages) >= 2


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("resnet_50", "the nearest are .*resnet50"),
        ("convnext_ato", "the nearest are convnext_atto"),
        ("resnet50.tv_ink", "the nearest are resnet50.tv_in1k"),
        ("mobilenet_v4_conv_small", "mobilenetv4_conv_small"),
        ("hf-hub:timm/resnet18", "no architecture"),
        ("nothing like it", "baseline, resnet50"),
        ("fasterrcnn_resnet50_fpn", "no architecture"),
    ],
)
@pytest.mark.parametrize("weights", ["random", "auto"])
def test_names_that_cannot_be_taken(name: str, message: str, weights: str) -> None:
    with pytest.raises(UsageError, match=message):
        create(name, classes=2, weights=weights)


@pytest.mark.parametrize(("name", "size"), [("densenet121", 16), ("inception_v3", 64)])
def test_size_that_does_not_fit(name: str, size: int) -> None:
    with pytest.raises(UsageError, match=f"cannot take input_size {size}"):
        make(name, size)


def test_listed_names_are_classifiers() -> None:
    names = architectures()
    assert names[0] == "baseline"
    assert len(names) == len(set(names)) > 1000
    assert set(timm.list_models()) < set(names)
    assert "shufflenet_v2_x2_0" in names


@pytest.mark.parametrize("name", ["efficientnet_lite0_first4", "resnet18"])
def test_stages_are_pooled(name: str) -> None:
    torch.manual_seed(0)
    whole = create(name, classes=2, weights="random", input_size=64)[0].eval()
    torch.manual_seed(0)
    model = create(name, classes=2, weights="random", input_size=64, pooling="stages")[0].eval()
    images = torch.rand(3, 1, 64, 64)
    with torch.no_grad():
        last = whole.outputs(images)[0]
        feature_map, embedding = model.outputs(images)
    torch.testing.assert_close(feature_map, last)
    assert embedding.shape == (3, model.embedding_size) == (3, model.head[-1].in_features)
    channels = last.shape[1]
    torch.testing.assert_close(embedding[:, -2 * channels : -channels], last.mean(dim=(2, 3)))
    torch.testing.assert_close(embedding[:, -channels:], last.std(dim=(2, 3)))
    assert model.embedding_size > 2 * channels


def test_a_network_with_connections_around_its_stages_has_no_pooled_stages() -> None:
    with pytest.raises(UsageError, match=r"pooling=stages: .* choose"):
        create("vit_b_32", classes=2, weights="random", input_size=64, pooling="stages")
