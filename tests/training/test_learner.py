import shutil

import pytest
import torch
from torch import nn
from torch._inductor import cpp_builder

from radistill.models import create
from radistill.training.compiler import can_compile
from radistill.training.learner import Learner, attention_map


def test_it_sees_what_the_network_does() -> None:
    torch.manual_seed(0)
    model, _ = create("resnet18", classes=3, weights="random", input_size=64)
    model.eval()
    images = torch.rand(2, 1, 64, 64)
    seen = Learner(model, nn.Linear(512, 10), attention=True)(images)
    torch.testing.assert_close(seen.logits, model(images))
    torch.testing.assert_close(seen.embedding, model.embedding(images))
    assert seen.projected.shape == (2, 10)
    assert seen.attention.shape == (2, 4)  # layer4 at 64 pixels is 2 x 2
    torch.testing.assert_close(seen.attention.norm(dim=1), torch.ones(2))


def test_nothing_is_watched_unasked() -> None:
    model, _ = create("resnet18", classes=2, weights="random", input_size=32)
    seen = Learner(model.eval())(torch.rand(2, 1, 32, 32))
    assert seen.attention.shape == (2, 0)
    assert seen.projected is not None
    torch.testing.assert_close(seen.projected, seen.embedding)
    assert all(not stage[-1]._forward_hooks for stage in model.stages)


def test_attention_is_where_the_features_are() -> None:
    features = torch.zeros(1, 3, 2, 2)
    features[0, :, 1, 0] = 5
    assert attention_map(features).tolist() == [[0, 0, 1, 0]]


class Tiny(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer, self.head = nn.Conv2d(1, 4, 3), nn.Linear(4, 2)

    def embedding(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x).relu().mean(dim=(2, 3))


@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler")
def test_compiled_is_the_same_network() -> None:
    torch.manual_seed(0)
    model = Tiny()
    images = torch.rand(2, 1, 16, 16)
    plain, compiled = Learner(model), Learner(model, compiled=True)
    assert list(plain.state_dict()) == list(compiled.state_dict())
    expected, found = plain(images).logits, compiled(images).logits
    torch.testing.assert_close(found, expected)
    found.sum().backward()
    assert model.layer.weight.grad is not None


def test_without_a_compiler_it_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from torch._inductor import config

    monkeypatch.setattr(config.cpp, "cxx", ("no-such-compiler",))
    cpp_builder.cpp_compiler_search.cache_clear()
    try:
        assert not can_compile(torch.device("cpu"))
    finally:
        cpp_builder.cpp_compiler_search.cache_clear()
    assert "no C++ compiler" in " ".join(capsys.readouterr().err.split())
    assert can_compile(torch.device("cuda"))
