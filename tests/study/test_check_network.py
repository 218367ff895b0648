"""The networks of a study are tried before anything is trained."""

from __future__ import annotations

import pytest

from radistill.config import load_config, presets
from radistill.study.fit import check_network


@pytest.mark.parametrize("preset", presets())
def test_the_networks_of_every_preset_can_be_trained(preset):
    config = load_config(preset)
    for recipe in (config.recipe("student"), *(one.recipe for one in config.teachers())):
        check_network(recipe.model_copy(update={"weights": "random"}), 2)
