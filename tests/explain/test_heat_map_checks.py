"""The checks that heat maps must pass, on maps that can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from radistill.explain.heat_map_checks import localisation, randomisation_check


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


def network() -> nn.Module:
    """One filter, one output: its map is its weights' sum times the film, cut at 0."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 1, 3, padding=1, bias=False), nn.Flatten(), nn.Linear(64, 1))


def filtered(module: nn.Module, squares: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        maps = module[0](torch.from_numpy(squares / 255).float()[:, None])[:, 0]
    return maps.clamp(min=0).numpy()


FILMS = np.random.default_rng(0).integers(0, 256, (4, 8, 8), dtype=np.uint8)


def test_maps_that_ignore_the_weights_fail():
    blind = randomisation_check(network(), lambda _, squares: squares.astype(float), FILMS)
    assert (blind.head, blind.all) == (pytest.approx(1), pytest.approx(1))
    assert not blind.passed


def test_maps_that_follow_the_weights_pass_and_the_network_is_left_alone():
    trained = network()
    with torch.no_grad():
        trained[0].weight.zero_()[0, 0, 1, 1] = 1.0  # the film itself, which no random filter gives
    before = {key: value.clone() for key, value in trained.state_dict().items()}
    checked = randomisation_check(trained, filtered, FILMS, seed=5)
    assert checked.head == pytest.approx(1), "the map does not use the head"
    assert checked.all < 0.5
    assert checked.passed
    assert checked == randomisation_check(trained, filtered, FILMS, seed=5)
    assert all(torch.equal(value, before[key]) for key, value in trained.state_dict().items())


def test_films_without_a_map_are_counted_and_left_out():
    trained = network()
    some = FILMS.copy()
    some[0] = 0
    assert randomisation_check(trained, filtered, some).empty == 0.25
    dark = randomisation_check(trained, filtered, np.zeros_like(FILMS))
    assert (dark.empty, dark.all, dark.passed) == (1, None, None)
