"""A small collection of invented reports, and labellers trained on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from radistill.schema.labeller_file import Labeller
from radistill.text.labeller import learn
from radistill.text.labeller.builtin import tagged_reports
from radistill.text.labeller.train import train
from radistill.text.read.collection import ReportCollection

ALL_SETTINGS = dict(learn.GRIDS)


@pytest.fixture(scope="session", autouse=True)
def few_settings() -> Iterator[None]:
    """A short grid of each kind: the tests do not depend on its length."""
    short = learn.grid((False, True), (100, None), (0.1, 1.0))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(learn.GRIDS, "naive_bayes", short)
        patch.setitem(learn.GRIDS, "logistic", learn.grid((True,), (None,), (1.0,)))
        yield


@pytest.fixture
def all_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learn, "GRIDS", ALL_SETTINGS)


@pytest.fixture(scope="session")
def invented() -> ReportCollection:
    """150 reports of the grammar, a third each normal, with opacity and with something else."""
    return tagged_reports(150, seed=1)


@pytest.fixture(scope="session", params=["naive_bayes", "logistic"])
def trained(request: pytest.FixtureRequest, invented: ReportCollection) -> Labeller:
    return train(invented, request.param, 0)
