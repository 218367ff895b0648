"""The patient bootstrap against a loop that really resamples."""

from __future__ import annotations

import time

import numpy as np
import pytest
from scipy.stats import t
from sklearn.metrics import roc_auc_score

from radistill.metrics import intervals
from radistill.metrics.intervals import auc_interval, patient_weights, weighted_auc


def films(n=200, seed=0, each=1):
    rng = np.random.default_rng(seed)
    truth = np.repeat(rng.random(n // each) < 0.6, each)
    probability = np.clip(np.repeat(rng.normal(0, 0.2, n // each), each) + 0.3 * truth + 0.3, 0, 1)
    patients = [f"p{i // each}" for i in range(n)]
    return truth, probability, patients


def test_weighted_auc_is_the_auc_of_repeated_films():
    truth, probability, _ = films()
    probability = probability.round(1)  # many ties
    weights = np.random.default_rng(1).integers(0, 4, (20, len(truth)))
    expected = [
        roc_auc_score(np.repeat(truth, row), np.repeat(probability, row)) for row in weights
    ]
    assert weighted_auc(truth, probability, weights) == pytest.approx(expected)


def test_weights_draw_whole_patients_within_their_class():
    truth, _, patients = films(each=4)
    (weights,) = patient_weights(truth, patients, 50, 0)
    assert (weights.reshape(50, -1, 4).std(axis=2) == 0).all()
    assert (weights[:, truth].sum(axis=1) == truth.sum()).all()
    assert (weights.sum(axis=1) == len(truth)).all()


def test_interval_agrees_with_a_plain_loop():
    truth, probability, patients = films(each=2)
    rng = np.random.default_rng(5)
    owner = np.arange(len(truth)) // 2
    positive, negative = np.unique(owner[truth]), np.unique(owner[~truth])
    values = []
    for _ in range(1500):
        drawn = [rng.choice(group, len(group)) for group in (positive, negative)]
        rows = np.concatenate([np.flatnonzero(owner == who) for who in np.concatenate(drawn)])
        values.append(roc_auc_score(truth[rows], probability[rows]))
    low, high = auc_interval(truth, probability, patients, 2000, 0)
    assert (low, high) == pytest.approx(tuple(np.percentile(values, [2.4, 97.6])), abs=0.01)
    assert low < roc_auc_score(truth, probability) < high


def test_alike_films_of_a_patient_widen_the_interval():
    truth, probability, patients = films(n=400, each=8)
    low, high = auc_interval(truth, probability, patients, 1000, 0)
    alone = auc_interval(truth, probability, [str(i) for i in range(400)], 1000, 0)
    assert high - low > 1.8 * (alone[1] - alone[0])


def test_same_seed_same_interval_other_seed_another():
    data = films()
    assert auc_interval(*data, 300, 3) == auc_interval(*data, 300, 3)
    assert auc_interval(*data, 300, 3) != auc_interval(*data, 300, 4)


def test_blocks_make_all_resamples(monkeypatch):
    truth, _, patients = films()
    monkeypatch.setattr(intervals, "CELLS", 7 * len(truth))
    blocks = list(patient_weights(truth, patients, 20, 0))
    assert [len(block) for block in blocks] == [7, 7, 6]


def test_a_patient_with_both_classes():
    truth = np.array([1, 0, 0, 0], dtype=bool)
    low, high = auc_interval(truth, np.array([0.9, 0.1, 0.2, 0.95]), ["a", "a", "b", "c"], 200, 0)
    assert 0 <= low <= high <= 1


def test_one_class_has_no_interval():
    with pytest.raises(ValueError, match="both classes"):
        auc_interval(np.ones(3, dtype=bool), np.ones(3), ["a", "b", "c"], 100, 0)


def test_the_size_of_the_real_test_split_takes_seconds():
    truth, probability, patients = films(n=624)
    start = time.perf_counter()
    auc_interval(truth, probability, patients, 2000, 0)
    assert time.perf_counter() - start < 10


def test_few_patients_push_the_percentiles_outwards():
    """As far as Student's t and the n - 1 in a variance are from normal and n."""
    values = np.random.default_rng(0).normal(size=200_000)
    for patients in (5, 10, 78, 5000):
        low, high = intervals.percentile_interval(values, patients)
        expected = t.ppf(0.975, patients - 1) * np.sqrt(patients / (patients - 1))
        assert (low, high) == pytest.approx((-expected, expected), rel=0.04)
    assert intervals.least_patients(np.array([1, 1, 0, 0, 0, 0]), list("aabcdd")) == 1
    assert intervals.least_patients(np.array([1, 1, 1]), list("abb")) == 2


@pytest.mark.parametrize("each", [1, 3])
def test_a_perfect_auc_is_not_certain(each):
    """Newcombe's method 5 against the numbers of its formula; films of a patient count once."""
    truth = np.repeat(np.arange(72) < 36, each)
    patients = [str(i // each) for i in range(len(truth))]
    low, high = auc_interval(truth, truth.astype(float), patients, 100, 0)
    assert high == 1
    assert 0.85 < low < 0.97
    variance = low * (1 - low) * (1 + 35 * (1 - low) / (2 - low) + 35 * low / (1 + low)) / 36**2
    assert (1 - low) / np.sqrt(variance) == pytest.approx(1.959964, abs=1e-5)
    turned = auc_interval(truth, 1.0 - truth, patients, 100, 0)
    assert turned == pytest.approx((0, 1 - low))
    few = slice(0, 36 * each + 6)
    half = auc_interval(truth[few], truth[few].astype(float), patients[few], 100, 0)
    assert half[0] < low
