"""Figures by group: the films they are of, their sizes, and where there is no interval."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from radistill.config import EvaluationConfig
from radistill.errors import UsageError
from radistill.metrics.groups import by_group, manifest_columns
from radistill.metrics.predictions import Predictions

CONFIG = EvaluationConfig(bootstrap=100)


@pytest.fixture
def films():
    rng = np.random.default_rng(0)
    truth = np.arange(120) % 2 == 0
    told = np.clip(rng.normal(0.4, 0.2, 120) + 0.25 * truth, 0, 1)
    names = tuple(f"f{i}" for i in range(120))
    return Predictions(names, names, tuple("P" if t else "N" for t in truth), told, "P")


def test_a_group_of_both_classes_is_scored_within_itself(films):
    site = ["a" if i < 70 else "b" for i in range(120)]
    a, b = by_group(films, 0.5, {"site": site}, CONFIG, 0)
    assert (a.by, a.group, a.n, a.patients) == ("site", "a", 70, 70)
    assert a.auc == roc_auc_score(films.truth[:70], films.probability[:70])
    assert b.recall == (films.probability[70:] >= 0.5)[films.truth[70:]].mean()
    assert a.auc_ci[0] <= a.auc <= a.auc_ci[1]
    assert a.against is None


def test_a_subtype_is_set_against_all_films_without_the_disease(films):
    subtype = [
        "" if not t else "virus" if i < 60 else "bacteria" for i, t in enumerate(films.truth)
    ]
    bacteria, virus = by_group(films, 0.5, {"subtype": subtype}, CONFIG, 0)
    rows = np.array([s != "bacteria" for s in subtype])
    assert virus.auc == roc_auc_score(films.truth[rows], films.probability[rows])
    assert virus.specificity is None
    assert bacteria.n == bacteria.positives == 30
    assert "all films of the other class" in virus.against


def test_numbers_are_cut_into_three_parts_of_like_size(films):
    found = by_group(films, 0.5, {"age": [str(i % 50) for i in range(120)]}, CONFIG, 0)
    assert len(found) == 3
    assert sum(group.n for group in found) == 120
    assert max(g.n for g in found) - min(g.n for g in found) < 15
    assert found[0].group.startswith("0 to ")


def test_fewer_than_ten_patients_show_figures_without_intervals(films):
    rare = ["x" if i < 9 else "y" for i in range(120)]
    x, y = by_group(films, 0.5, {"view": rare}, CONFIG, 0)
    assert x.auc is not None
    assert x.auc_ci is None
    assert x.recall_ci is None
    assert "9 patients" in x.no_intervals
    assert y.auc_ci is not None


def test_columns_that_tell_nothing_are_left_out(films):
    columns = {"same": ["a"] * 120, "name": list(films.path), "empty": [""] * 120}
    assert by_group(films, 0.5, columns, CONFIG, 0) == ()


def test_columns_come_from_any_csv_with_paths(tmp_path):
    file = tmp_path / "manifest.csv"
    file.write_text("path,label,sex,width,height\na,N,F,1000,500\nb,P,M,2000,1000\n")
    found = manifest_columns(file, ["b", "a", "c"], lambda path: {"a": 1.0}.get(path, 7.25))
    assert found["sex"] == ["M", "F", ""]
    assert found["megapixels"] == ["2.000", "0.500", ""]
    assert found["exposure"] == ["7.2", "1.0", "7.2"]
    assert "label" not in found
    with pytest.raises(UsageError, match=r"none\.csv"):
        manifest_columns(tmp_path / "none.csv", ["a"])
