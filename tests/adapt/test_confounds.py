"""What tells the label without the lungs is found, and the gain is looked for within its strata."""

import numpy as np
import pytest

from radistill.adapt.confounds import find_confounds, stratified_auc
from radistill.metrics.intervals import weighted_auc

from .simulated import site


def test_a_stratified_auc_by_hand() -> None:
    truth = np.array([1, 0, 0, 1, 1, 0, 1], bool)
    odds = np.array([3.0, 1, 4, 9, 2, 2, 5])
    strata = np.array([0, 0, 0, 1, 1, 1, 2])
    # Stratum 0: 1 of 2 pairs. Stratum 1: 1 + 1/2 of 2 pairs. Stratum 2 has one class.
    assert stratified_auc(truth, odds, strata, np.ones((1, 7)))[0] == pytest.approx(2.5 / 4)
    assert np.isnan(stratified_auc(truth, odds, np.arange(7), np.ones((1, 7)))[0])


def test_one_stratum_is_the_plain_auc() -> None:
    local = site()
    weights = np.random.default_rng(0).integers(0, 3, (5, 240)).astype(float)
    plain = weighted_auc(local.truth, local.odds, weights)
    same = stratified_auc(local.truth, local.odds, np.zeros(240, int), weights)
    assert same == pytest.approx(plain)


def test_a_head_that_reads_brightness_is_explained_by_it() -> None:
    rng = np.random.default_rng(1)
    local = site(films=400, odds=0.0)
    brightness = local.truth + rng.normal(0, 0.5, 400)
    after = 3 * brightness + rng.normal(0, 0.1, 400)
    columns = {"brightness": [f"{v:.4f}" for v in brightness], "sex": list("FM" * 200)}
    first, second = find_confounds(local, columns, after)
    assert first.name == "brightness"
    assert first.tells
    assert second.name == "sex"
    assert not second.tells
    assert first.stratified_after is not None
    assert first.stratified_after < 0.75 < weighted_auc(local.truth, after, np.ones((1, 400)))[0]


def test_a_head_that_reads_the_lungs_is_not() -> None:
    local = site(films=600, odds=1.5, hidden=2.0)
    view = np.where(local.truth ^ (np.random.default_rng(2).random(600) < 0.35), "PA", "AP")
    after = 1.5 * local.embeddings["x"][:, 0] + 2 * local.embeddings["x"][:, 1]
    (found,) = find_confounds(local, {"view": view.tolist()}, after)
    assert found.tells
    assert not found.explains
    assert found.strata_with_both == 2


def test_a_few_words_among_numbers_do_not_hide_a_column() -> None:
    local = site()
    ages = [str(50 + 20 * int(label) + row % 15) for row, label in enumerate(local.truth)]
    ages[3:6] = ["unknown", "045Y", ""]
    (found,) = find_confounds(local, {"age": ages})
    assert found.tells
    assert find_confounds(local, {"name": [f"patient {row}" for row in range(240)]}) == ()


def test_a_label_that_is_the_view_leaves_no_stratum_to_look_in() -> None:
    local = site()
    view = np.where(local.truth, "PA", "AP").tolist()
    (found,) = find_confounds(local, {"view": view}, local.odds)
    assert found.auc == 1
    assert found.strata_with_both == 0
    assert found.stratified_after is None
    assert found.explains


def test_constants_names_and_empty_columns_tell_nothing() -> None:
    local = site()
    columns = {
        "format": [".jpg"] * 240,
        "name": [f"film-{i}" for i in range(240)],
        "note": [""] * 240,
    }
    (found,) = find_confounds(local, columns)
    assert found.name == "format"
    assert found.auc is None
    assert not found.tells


def test_noise_is_rarely_called_a_confound() -> None:
    rng = np.random.default_rng(3)
    local, alarms = site(), 0
    for _ in range(20):
        columns = {f"c{i}": [f"{v:.3f}" for v in rng.normal(size=240)] for i in range(5)}
        alarms += any(one.tells for one in find_confounds(local, columns))
    assert alarms <= 4  # 5 % expected of each set
