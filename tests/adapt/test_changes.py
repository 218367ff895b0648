"""Fits that agree with scikit-learn's, and stay what they say they are."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from radistill.adapt.changes import Components, LocalScores, fit_calibration, fit_head

from .simulated import site


def test_intercept_and_slope_are_those_of_a_logistic_regression() -> None:
    local = site(scale=3.0, bias=2.0)
    fitted = fit_calibration(local.truth, local.odds, intercept=True)
    oracle = LogisticRegression(C=np.inf).fit(local.odds[:, None], local.truth)
    assert fitted.slope == pytest.approx(oracle.coef_[0, 0], abs=1e-3)
    assert fitted.intercept == pytest.approx(oracle.intercept_[0], abs=1e-3)


def test_a_slope_stays_positive_where_the_model_ranks_the_wrong_way() -> None:
    local = site()
    assert fit_calibration(~local.truth, local.odds, intercept=True).slope > 0
    assert fit_calibration(local.truth, local.odds, intercept=False).intercept == 0


def test_a_head_on_components_is_the_head_on_standardised_features() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 200)) @ rng.normal(size=(200, 200)) + 3  # fewer films than features
    truth = x[:, 0] > 3
    patients = np.array([str(film) for film in range(60)])
    local = LocalScores(truth, patients, np.zeros(60), 0.0, {"x": x})
    head = fit_head(local, np.arange(60), seed=0)
    standard = StandardScaler().fit_transform(x)
    oracle = LogisticRegression(C=head.regularisation, max_iter=5000).fit(standard, truth)
    wanted = oracle.decision_function(standard)
    given = head.odds(local, np.arange(60))
    assert np.corrcoef(wanted, given)[0, 1] > 0.999
    assert given == pytest.approx(wanted, abs=0.05 * np.abs(wanted).max())


def test_the_models_own_logits_are_hardly_penalised() -> None:
    local = site(films=400)
    plain = LocalScores(local.truth, local.patients, local.odds, 0.0, local.embeddings)
    rows = np.arange(400)
    for given, low in ((local, 0.99), (plain, 0.0)):
        head = fit_head(given, rows, seed=0)
        assert np.corrcoef(head.odds(given, rows), local.odds)[0, 1] > low
    values = Components.of(local.embeddings["x"], local.directions["x"]).values
    assert values[:, -1].std() == pytest.approx(30)


def test_folds_part_no_patient() -> None:
    truth = np.arange(120) % 3 == 0
    patients = np.repeat([str(p) for p in range(40)], 3)
    local = LocalScores(truth, patients, np.zeros(120), 0.0, {"x": np.zeros((120, 1))})
    held = []
    for fit, out in local.folds(np.arange(120), 5, seed=3):
        assert not set(patients[fit]) & set(patients[out])
        held.extend(out)
    assert sorted(held) == list(range(120))
