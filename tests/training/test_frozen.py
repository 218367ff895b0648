import copy

import numpy as np
import pytest
import torch

from radistill.config import AugmentConfig
from radistill.errors import UsageError
from radistill.models import create
from radistill.training.frozen import Tail, check_split, frozen_features, stem
from radistill.training.views import Views


@pytest.mark.parametrize(
    ("architecture", "frozen"),
    [("resnet18", 4), ("resnet18", 1), ("efficientnet_lite0", 5), ("shufflenet_v2_x0_5", 3),
     ("mobilenet_v3_small", 6), ("convnext_atto", 2), ("densenet121", 3)],
)  # fmt: skip
def test_both_halves_make_the_whole(architecture: str, frozen: int) -> None:
    torch.manual_seed(0)
    model, _ = create(architecture, classes=3, weights="random", input_size=64)
    model.eval()
    images = torch.rand(2, 1, 64, 64)
    whole = model(images)
    torch.testing.assert_close(Tail(model, frozen).eval()(stem(model, frozen, images)), whole)


def test_gradients_are_those_of_the_whole_network() -> None:
    torch.manual_seed(0)
    model, _ = create("resnet18", classes=2, weights="random", input_size=64)
    model.eval()
    images = torch.rand(2, 1, 64, 64)
    twin = copy.deepcopy(model)
    twin(images).sum().backward()
    with torch.no_grad():
        features = stem(model, 4, images)
    Tail(model, 4)(features).sum().backward()
    for (name, ours), theirs in zip(model.named_parameters(), twin.parameters(), strict=True):
        if name.startswith(("backbone.layer4", "head")):
            torch.testing.assert_close(ours.grad, theirs.grad)
        else:
            assert ours.grad is None


def test_cached_features_are_kept_and_are_those_of_the_view(task, tmp_path) -> None:
    torch.manual_seed(0)
    model, _ = create("baseline", classes=2, weights="random", input_size=32)
    ten, views = task(10), Views(2, 0, AugmentConfig())
    stored = frozen_features(model, 1, ten, views)
    rows = np.array([7, 2])
    with torch.no_grad():
        expected = stem(model.eval(), 1, views.images(ten.train, rows, 1))
    torch.testing.assert_close(
        torch.from_numpy(stored[1][rows]).float(), expected, atol=1e-2, rtol=1e-2
    )
    before = {file: file.stat().st_mtime_ns for file in (tmp_path / "frozen").glob("k-*")}
    frozen_features(model, 1, ten, views)
    assert {file: file.stat().st_mtime_ns for file in (tmp_path / "frozen").glob("*")} == before


def test_a_network_that_cannot_be_cut_is_refused() -> None:
    model, _ = create("vit_tiny_patch16_224", classes=2, weights="random", input_size=32)
    with pytest.raises(UsageError, match="cannot be cut"):  # the class token is in no stage
        check_split(model, 1)
