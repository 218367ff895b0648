"""What a bundle keeps of its study: thresholds by rule, as `predict` takes them."""

from __future__ import annotations

import pytest

from radistill.errors import UsageError
from radistill.runtime.decision import operating_threshold
from radistill.runtime.find_bundle import find_bundle
from radistill.schema.card import read_card
from radistill.study.reference import reference_of


def test_a_bundles_operating_points_are_those_of_predict() -> None:
    folder = find_bundle(None)
    card, reference = read_card(folder / "card.json"), reference_of(folder)
    for wanted in (0.9, 0.95, 0.99):
        assert reference.threshold(f"sensitivity={wanted}") == operating_threshold(card, wanted)
    with pytest.raises(UsageError, match=r"no such point but .*sensitivity=0\.95"):
        reference.threshold("sensitivity=0.123")
