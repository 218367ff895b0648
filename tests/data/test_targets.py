import dataclasses

import numpy as np
import pytest

from radistill.config import load_config, presets
from radistill.data.dataset import Dataset
from radistill.data.manifest import Film
from radistill.data.targets import targets_of
from radistill.errors import UsageError


def dataset(*pairs: tuple[str, str]) -> Dataset:
    films = [
        Film(f"{i}.png", label, subtype, f"p{i}", "train", str(i), 8, 8)
        for i, (label, subtype) in enumerate(pairs)
    ]
    return Dataset(
        "d",
        tuple(films),
        ("NORMAL", "PNEUMONIA"),
        "PNEUMONIA",
        lambda path: np.zeros((8, 8), np.uint8),
    )


KERMANY = dataset(("NORMAL", ""), ("PNEUMONIA", "virus"), ("PNEUMONIA", "bacteria"))


def test_labels_are_their_own_classes() -> None:
    found = targets_of(KERMANY, "label")
    assert (found.names, found.class_of) == (("NORMAL", "PNEUMONIA"), (0, 1))
    assert found.indices(KERMANY.films).tolist() == [0, 1, 1]


def test_subtypes_are_reported_as_their_label() -> None:
    found = targets_of(KERMANY, "subtype")
    assert found.names == ("NORMAL", "bacteria", "virus")
    assert found.class_of == (0, 1, 1)
    assert found.indices(KERMANY.films).tolist() == [0, 2, 1]


def test_auto_takes_the_subtypes_of_films_with_a_label() -> None:
    assert targets_of(KERMANY, "auto") == targets_of(KERMANY, "subtype")
    plain = dataset(("NORMAL", ""), ("PNEUMONIA", ""), ("", "virus"))
    unlabelled = dataclasses.replace(plain.films[2], split="unlabelled")
    plain = dataclasses.replace(plain, films=(*plain.films[:2], unlabelled))
    assert targets_of(plain, "auto") == targets_of(plain, "label")


@pytest.mark.parametrize("preset", presets())
def test_every_preset_takes_films_without_subtypes(preset: str) -> None:
    plain = dataset(("NORMAL", ""), ("PNEUMONIA", ""))
    assert targets_of(plain, load_config(preset).data.targets).names == plain.classes


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(UsageError, match="no film has a subtype"):
        targets_of(dataset(("NORMAL", ""), ("PNEUMONIA", "")), "subtype")
    both = dataset(("NORMAL", "mild"), ("PNEUMONIA", "mild"))
    with pytest.raises(UsageError, match="mild has several labels"):
        targets_of(dataclasses.replace(both), "subtype")
