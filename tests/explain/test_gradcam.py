"""Heat maps that can be worked out by hand, and the checks that maps must pass."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from radistill.errors import RadistillError
from radistill.explain.gradcam import heat_maps, last_spatial
from radistill.explain.heat_map_checks import localisation, randomisation_check
from radistill.models import create


class Brightness(nn.Module):
    """One feature map, the film itself; class 1 speaks for bright pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 1, 1)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(1, 2)
        with torch.no_grad():
            self.conv.weight.fill_(1.0)
            self.conv.bias.zero_()
            self.head.weight.copy_(torch.tensor([[-1.0], [1.0]]))
            self.head.bias.zero_()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.pool(self.conv(x)).flatten(1))


def test_map_of_one_feature_is_the_feature():
    """Grad-CAM weighs a feature map by its mean gradient: here the film itself, scaled."""
    film = np.random.default_rng(0).integers(0, 256, (2, 8, 8), dtype=np.uint8)
    maps = heat_maps(Brightness(), film, [1])
    assert maps == pytest.approx(film / film.max(axis=(1, 2), keepdims=True), abs=1e-6)
    assert heat_maps(Brightness(), film, [0]).max() == 0  # nothing speaks for the dark class


@pytest.mark.parametrize(
    ("architecture", "size"), [("baseline", 64), ("resnet18", 64), ("shufflenet_v2_x0_5", 64)]
)
def test_every_kind_of_network_has_maps_and_is_left_alone(architecture, size):
    torch.manual_seed(0)
    model = create(architecture, classes=2, weights="random", input_size=size)[0]
    before = {key: value.clone() for key, value in model.state_dict().items()}
    model.train()
    films = np.random.default_rng(0).integers(0, 256, (3, size, size), dtype=np.uint8)
    maps = heat_maps(model, films, [1])
    assert maps.shape == (3, size, size)
    assert maps.min() >= 0
    assert np.isin(maps.max(axis=(1, 2)), [0, 1]).all()
    assert model.training
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())


def test_a_network_without_positions_is_refused():
    flat = nn.Sequential(nn.Flatten(), nn.Linear(64, 2))
    with pytest.raises(RadistillError, match="convolutions"):
        last_spatial(flat, 8)


def masks_and_names(n=12):
    masks = np.zeros((n, 10, 10), bool)
    masks[:, 2:4, 2:4] = True
    return masks, [str(i) for i in range(n)]


def test_pointing_and_energy_by_hand():
    masks, names = masks_and_names()
    maps = np.zeros((12, 10, 10))
    maps[:9, 2, 2], maps[:9, 9, 9] = 0.75, 0.25  # hottest inside, three quarters of the heat
    maps[9:11, 0, 0] = 1.0  # outside; the last map is empty
    found = localisation(maps, masks, names)
    assert found.pointing_game == pytest.approx(9 / 12)
    assert found.energy_inside == pytest.approx(9 * 0.75 / 12)
    assert found.chance == pytest.approx(0.04)
    assert found.pointing_game_ci[0] < 0.75 < found.pointing_game_ci[1]
    assert found.energy_inside_ci[0] < found.energy_inside < found.energy_inside_ci[1]


def test_a_map_that_knows_nothing_has_the_chance():
    masks, names = masks_and_names(500)
    maps = np.random.default_rng(0).random((500, 10, 10))
    found = localisation(maps, masks, names)
    assert found.energy_inside == pytest.approx(found.chance, abs=0.005)
    assert found.pointing_game_ci[0] < found.chance < found.pointing_game_ci[1]
    few = localisation(maps[:5], masks[:5], names[:5])
    assert few.energy_inside_ci is None
    assert "5 patients" in few.no_intervals


class Fixed(nn.Module):
    """Maps that do not depend on the weights: what the sanity check is for."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(1, 2)
        self.relu = nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        value = self.relu(x + 0).mean(dim=(1, 2, 3))
        return torch.stack([-value, value], dim=1) + 0 * self.head(value[:, None])


def test_randomisation_tells_maps_that_ignore_the_weights():
    films = np.random.default_rng(0).integers(0, 256, (4, 32, 32), dtype=np.uint8)
    deaf = randomisation_check(Fixed(), films, [1])
    assert deaf.all == pytest.approx(1)
    assert not deaf.passed
    black = randomisation_check(Brightness(), films, [0])  # no map speaks for the dark class
    assert (black.empty, black.all, black.passed) == (1, None, None)
    torch.manual_seed(0)
    network = create("shufflenet_v2_x0_5", classes=2, weights="random", input_size=32)[0]
    other = randomisation_check(network, films, [1], seed=5)
    assert other.all < 0.9
    assert other == randomisation_check(network, films, [1], seed=5)
