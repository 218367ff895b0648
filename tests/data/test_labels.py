"""Classes and which of them is the disease."""

from __future__ import annotations

import pytest

from radistill.data.labels import choose_classes
from radistill.errors import UsageError


@pytest.mark.parametrize(
    ("labels", "classes", "positive"),
    [
        (["PNEUMONIA", "NORMAL"], ("NORMAL", "PNEUMONIA"), "PNEUMONIA"),
        (["abnormal", "normal"], ("normal", "abnormal"), "abnormal"),
        (["No Finding", "Effusion"], ("No Finding", "Effusion"), "Effusion"),
        (["negative", "covid-19"], ("negative", "covid-19"), "covid-19"),
        (["a_TB", "TB"], ("a_TB", "TB"), "TB"),
        (["1", "0"], ("0", "1"), "1"),
        (["healthy", "other", "pneumonia"], ("healthy", "other", "pneumonia"), "pneumonia"),
    ],
)
def test_guess(labels: list[str], classes: tuple[str, ...], positive: str) -> None:
    found, chosen, notes = choose_classes(labels, None)
    assert (found, chosen) == (classes, positive)
    assert positive in notes[0]


def test_named_positive_wins_silently() -> None:
    assert choose_classes(["PNEUMONIA", "NORMAL"], "NORMAL") == (
        ("PNEUMONIA", "NORMAL"),
        "NORMAL",
        (),
    )
    assert choose_classes(["b", "a", "c"], "b") == (("a", "b", "c"), "b", ())


@pytest.mark.parametrize(
    ("labels", "positive", "message"),
    [
        (["a", "a"], None, "only one class, a;"),
        (["a", "b"], None, r"which of the classes a, b is the disease.*--set data.positive="),
        (["covid", "pneumonia", "normal"], None, "which of the classes"),
        (["normal", "healthy"], None, "which of the classes"),
        (["NORMAL", "PNEUMONIA"], "pneumonia", "the classes are NORMAL, PNEUMONIA"),
    ],
)
def test_refused(labels: list[str], positive: str | None, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        choose_classes(labels, positive)
