"""Choosing settings, thresholds and calibration; nested folds that do not leak."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import GroupKFold

from radistill.metrics.thresholds import choose_threshold
from radistill.text.evaluate import crossval
from radistill.text.labeller import learn
from radistill.text.labeller.learn import calibrate, fit_platt, split
from radistill.text.labeller.tasks import tasks_of
from radistill.text.nlp.bag import Steps, bag
from radistill.text.read.collection import ReportCollection


@pytest.mark.parametrize("seed", range(8))
def test_no_threshold_has_a_larger_f1(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth = rng.random(60) < 0.3
    score = np.round(rng.random(60) * 0.6 + 0.3 * truth, 1 + seed % 2)
    threshold = choose_threshold(truth, score, "f1")
    best = max(f1_score(truth, score >= cut) for cut in np.unique(score))
    assert f1_score(truth, score >= threshold) == pytest.approx(best)


def test_calibration_is_logistic_regression_and_keeps_the_order() -> None:
    rng = np.random.default_rng(0)
    truth = rng.random(400) < 0.4
    score = 30 * (truth + rng.normal(0, 0.7, 400))
    scaling = fit_platt(score, truth)
    loose = LogisticRegression(C=np.inf, max_iter=1000).fit((score / 30)[:, None], truth)
    expected = loose.predict_proba((score / 30)[:, None])[:, 1]
    assert calibrate(scaling, score) == pytest.approx(expected, abs=0.01)
    assert (np.diff(calibrate(scaling, np.sort(score))) >= 0).all()


def test_identical_texts_stay_together() -> None:
    groups = np.repeat(np.arange(20), 3)
    truth = np.repeat(np.arange(20) % 2 == 0, 3)
    for train, test in split(truth, groups, 5, 0):
        assert not set(groups[train]) & set(groups[test])
        assert truth[test].any()
        assert not truth[test].all()


def _ready(
    invented: ReportCollection,
) -> tuple[list[list[str]], np.ndarray, np.ndarray, np.ndarray]:
    (task,) = tasks_of(invented, names=["opacity-rest"])
    bags = [bag(record.report, Steps()) for record in invented.records]
    rules = np.array([b.rules["opacity"] for b in bags])
    return [b.features for b in bags], rules, task.truth, task.groups


def test_cross_validation_learns_what_is_there(invented: ReportCollection) -> None:
    features, rules, truth, groups = _ready(invented)
    scores = crossval.crossvalidate(features, rules, truth, groups, 0, kinds=("naive_bayes",))
    assert set(scores) == {"naive_bayes", "best", "rules"}
    right = scores["naive_bayes"].called == truth
    assert right.mean() > 0.9
    assert len(scores["naive_bayes"].thresholds) == crossval.FOLDS
    assert np.array_equal(scores["best"].probability, scores["naive_bayes"].probability)


def test_nothing_is_found_where_there_is_nothing(invented: ReportCollection) -> None:
    """Shuffled truth: a leak would show as an AUC above chance."""
    features, rules, _, groups = _ready(invented)
    names, owner = np.unique(groups, return_inverse=True)
    shuffled = np.random.default_rng(0).permutation(len(names))[owner] % 3 == 0
    scores = crossval.crossvalidate(features, rules, shuffled, groups, 0, kinds=("naive_bayes",))
    p = scores["naive_bayes"].probability
    auc = (p[shuffled][:, None] > p[~shuffled]).mean()
    assert auc < 0.65


def test_test_reports_do_not_reach_what_is_chosen(invented: ReportCollection) -> None:
    """Words of the test fold may be anything: nothing chosen on the training folds moves."""
    features, rules, truth, groups = _ready(invented)
    _, test = split(truth, groups, crossval.FOLDS, 0)[0]
    before = crossval.crossvalidate(features, rules, truth, groups, 0, kinds=("naive_bayes",))
    spoilt = [["nonsense"] if i in set(test) else f for i, f in enumerate(features)]
    after = crossval.crossvalidate(spoilt, rules, truth, groups, 0, kinds=("naive_bayes",))
    assert before["naive_bayes"].thresholds[0] == after["naive_bayes"].thresholds[0]
    assert before["naive_bayes"].settings[0] == after["naive_bayes"].settings[0]


def test_a_bag_of_single_words_is_that_of_bigrams_without_them(invented: ReportCollection) -> None:
    features, _, truth, groups = _ready(invented)
    alone = [[term for term in terms if " " not in term] for terms in features]
    for train, test in GroupKFold(3).split(truth, truth, groups):
        both, one = (learn.fold_bags(f, train, test).select(False) for f in (features, alone))
        assert list(both.names) == list(one.names)
        assert (both.x_train != one.x_train).nnz == 0
        assert (both.x_test != one.x_test).nnz == 0
