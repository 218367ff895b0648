"""The least change that is shown to gain wins; where nothing is to be gained nothing is claimed."""

from dataclasses import replace

import numpy as np
import pytest

from radistill.adapt.choose import choose_change

from .simulated import site


def test_a_site_that_the_model_fits_changes_nothing() -> None:
    choice = choose_change(site())
    assert choice.name == "nothing"
    assert choice.threshold == 0.0
    assert all(c.gain is None or not c.gain.shown for c in choice.changes if c.name == "head")


def test_shuffled_labels_change_nothing_though_recalibration_lowers_the_log_loss() -> None:
    choice = choose_change(site(shuffled=True, scale=4.0, bias=3.0))
    results = {change.name: change for change in choice.changes}
    gain = results["intercept and slope"].gain
    assert gain is not None
    assert gain.shown
    assert choice.name == "nothing"
    assert "better than chance" in choice.reason


@pytest.mark.parametrize(
    ("given", "wanted"),
    [({"bias": 2.0}, "intercept and slope"), ({"scale": 4.0, "odds": 1.2}, "temperature")],
)
def test_the_least_calibration_that_is_as_good_as_the_best(given: dict, wanted: str) -> None:
    choice = choose_change(site(films=400, **given))
    assert choice.name == wanted
    assert choice.calibration is not None
    before, after = choice.changes[0], next(c for c in choice.changes if c.name == wanted)
    assert after.auc == pytest.approx(before.auc, abs=0.02)
    assert after.log_loss < before.log_loss


def test_a_calibration_without_a_shown_gain_does_not_win() -> None:
    """Here the temperature is neither shown to be worse than the best nor to gain itself."""
    choice = choose_change(site(films=160, seed=6, scale=2.0, bias=0.8))
    gains = {change.name: change.gain for change in choice.changes}
    assert gains["temperature"] is not None
    assert not gains["temperature"].shown
    assert choice.name == "intercept and slope"
    assert gains[choice.name].shown


def test_a_head_wins_where_the_embedding_knows_more() -> None:
    choice = choose_change(site(films=400, hidden=2.0))
    assert choice.name == "head"
    assert choice.head is not None
    gain = choice.changes[-1].gain
    assert gain is not None
    assert gain.by == "auc"
    assert 0 < gain.ci[0] < gain.value < gain.ci[1]


def test_a_threshold_alone_leaves_the_probabilities() -> None:
    local = replace(site(films=800), threshold=-3.5)
    choice = choose_change(local)
    assert choice.name == "threshold"
    assert np.array_equal(choice.odds["threshold"], local.odds)
    assert choice.threshold > -2


def test_films_of_one_patient_count_as_one() -> None:
    local = site(films=60, hidden=2.0)
    many = replace(
        local,
        truth=np.repeat(local.truth, 8),
        patients=np.repeat(local.patients, 8),
        odds=np.repeat(local.odds, 8),
        embeddings={"x": np.repeat(local.embeddings["x"], 8, axis=0)},
    )
    alone = replace(many, patients=np.array([str(film) for film in range(480)]))
    wide, narrow = (choose_change(one).changes[0].auc_ci for one in (many, alone))
    assert wide[1] - wide[0] > 2 * (narrow[1] - narrow[0])


def test_a_hint_says_how_many_films_would_show_it() -> None:
    choice = choose_change(site(films=80, hidden=0.8, seed=3))
    gain = choice.changes[-1].gain
    assert gain is not None
    assert not gain.shown
    assert gain.films_to_show is None if gain.value <= 0 else gain.films_to_show > 80


def test_the_same_seed_gives_the_same_answer() -> None:
    first, second = (choose_change(site(hidden=1.0), seed=4) for _ in range(2))
    assert first.changes == second.changes
