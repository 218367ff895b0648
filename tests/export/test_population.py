"""Whom a card says that a model knows."""

from radistill.export.population import UNNAMED, population_of

KAGGLE = ["train/NORMAL/IM-0001-0001.jpeg", "train/PNEUMONIA/person1_bacteria_2.jpeg"]


def test_the_kaggle_set_is_recognised_by_its_names() -> None:
    assert "children aged one to five" in population_of(KAGGLE, synthetic=False).description


def test_other_sets_are_described_in_neutral_words() -> None:
    """Not by the name of the folder they lie in."""
    assert population_of(["mine/sick/a.png"], synthetic=False) == UNNAMED
    assert population_of(KAGGLE, synthetic=True) == UNNAMED
    assert UNNAMED.age_years is None
