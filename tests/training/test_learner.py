import torch
from torch import nn

from radistill.models import create
from radistill.training.learner import Learner, attention_map


def test_outputs_are_those_of_the_network() -> None:
    torch.manual_seed(0)
    model, _ = create("resnet18", classes=3, weights="random", input_size=64)
    model.eval()
    images = torch.rand(2, 1, 64, 64)
    outputs = Learner(model, nn.Linear(512, 10), attention=True)(images)
    torch.testing.assert_close(outputs.logits, model(images))
    torch.testing.assert_close(outputs.embedding, model.embedding(images))
    assert outputs.projected.shape == (2, 10)
    assert outputs.attention.shape == (2, 4)  # layer4 at 64 pixels is 2 x 2
    torch.testing.assert_close(outputs.attention.norm(dim=1), torch.ones(2))


def test_no_attention_map_unless_asked_for() -> None:
    model, _ = create("resnet18", classes=2, weights="random", input_size=32)
    outputs = Learner(model.eval())(torch.rand(2, 1, 32, 32))
    assert outputs.attention.shape == (2, 0)
    assert outputs.projected is not None
    torch.testing.assert_close(outputs.projected, outputs.embedding)


def test_attention_is_where_the_features_are() -> None:
    features = torch.zeros(1, 3, 2, 2)
    features[0, :, 1, 0] = 5
    assert attention_map(features).tolist() == [[0, 0, 1, 0]]
