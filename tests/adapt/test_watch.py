"""A month with a change in week three is seen, and one without is not, as often as promised."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom

from radistill.adapt.ledgers import LedgerContents, LedgerRow
from radistill.adapt.monitor_page import sentences, write_page
from radistill.adapt.watch import watch
from radistill.errors import UsageError
from radistill.schema.prediction import ModelIdentity

from .ledger_lines import CARD_OF_BUNDLE, month, week

SCANNER = {"power": 0.6, "moved": 0.8, "abstained": 0.1}
FEWER = CARD_OF_BUNDLE.model_copy(update={"abstention": None})


def contents(rows: list[dict]) -> LedgerContents:
    model = ModelIdentity(name="student", version="1", sha256="0" * 64)
    return LedgerContents(tuple(map(LedgerRow.model_validate, rows)), model, 0, 0)


@pytest.mark.parametrize("baseline", [0, 2])
def test_another_scanner_in_week_three_is_seen_then_and_not_before(baseline: int) -> None:
    ledger = contents(month(np.random.default_rng(0), **SCANNER))
    figures = watch(ledger, CARD_OF_BUNDLE, baseline=baseline)
    assert {alarm.week for alarm in figures.alarms} == {"2026-01-19", "2026-01-26"}
    charts = {alarm.chart for alarm in figures.alarms}
    assert {"embedding", "abstained", "out-of-distribution"} <= charts
    assert figures.reference == ("baseline" if baseline else "card")
    embedding = figures.chart("embedding")
    assert embedding is not None
    assert len(embedding.points) == 4  # the weeks of the baseline are shown, and not judged
    assert [one.week for one in figures.weeks][:2] == ["2026-01-05", "2026-01-12"]


@pytest.mark.parametrize("change", [{"power": 3.0}, {"moved": 1.0}, {"unreadable": 0.2}])
def test_each_kind_of_change_has_its_chart(change: dict) -> None:
    ledger = contents(month(np.random.default_rng(0), **change))
    seen = {alarm.chart for alarm in watch(ledger, CARD_OF_BUNDLE, baseline=2).alarms}
    names = {"power": "probability", "moved": "embedding", "unreadable": "unreadable"}
    assert seen == {names[name] for name in change}


def test_a_card_that_abstains_on_most_films_has_limits() -> None:
    """The shares of two reasons may add up to more than all films."""
    abstention = CARD_OF_BUNDLE.abstention
    assert abstention is not None
    measured = abstention.measured
    few = {
        "layout": measured.layout.model_copy(update={"kept": 0.1}),
        "embedding": {
            kind: caught.model_copy(update={"kept": 0.7})
            for kind, caught in measured.embedding.items()
        },
    }
    abstention = abstention.model_copy(update={"measured": measured.model_copy(update=few)})
    card = CARD_OF_BUNDLE.model_copy(update={"abstention": abstention})
    chart = watch(contents(week(np.random.default_rng(0), 0, 30)), card).chart("abstained")
    assert chart is not None
    assert all(0 <= point.low <= point.high <= 1 for point in chart.points)


def test_first_weeks_without_a_film_that_could_be_read_are_no_baseline() -> None:
    rng = np.random.default_rng(0)
    rows = week(rng, 0, 30, unreadable=1.0) + week(rng, 1, 30)
    with pytest.raises(UsageError, match="have 0 films"):
        watch(contents(rows), CARD_OF_BUNDLE, baseline=1)


@pytest.mark.parametrize("baseline", [0, 4])
def test_weeks_without_a_change_raise_alarms_as_rarely_as_promised(baseline: int) -> None:
    """At 20 % a week; each trial has a baseline of its own."""
    rng, promised, raised, weeks = np.random.default_rng(1), 0.2, 0, 0
    for _ in range(60):
        rows = [row for number in range(baseline + 3) for row in week(rng, number, 60)]
        figures = watch(contents(rows), CARD_OF_BUNDLE, baseline=baseline, false_alarms=promised)
        raised += len({alarm.week for alarm in figures.alarms})
        weeks += 3
    assert raised <= binom.isf(1e-3, weeks, promised)
    assert raised > 0  # at this rate chance alone must be seen


def test_the_chance_is_divided_among_all_charts() -> None:
    rows = month(np.random.default_rng(0))
    full = watch(contents(rows), CARD_OF_BUNDLE)
    plain = watch(contents([row | {"sketch": None} for row in rows]), CARD_OF_BUNDLE)
    assert full.charts_held == plain.charts_held + 1
    assert any("sketch" in note for note in plain.notes)
    assert plain.chart("embedding") is None


def test_a_card_without_figures_or_statistics_watches_what_is_left() -> None:
    ledger = contents(month(np.random.default_rng(0)))
    figures = watch(ledger, FEWER.model_copy(update={"figures": None}))
    assert {chart.name for chart in figures.charts} <= {
        "abstained",
        "unreadable",
        "out-of-distribution",
    }
    assert len(figures.notes) == 2


def test_few_films_have_no_mean_embedding_and_that_is_said() -> None:
    rng = np.random.default_rng(0)
    figures = watch(contents(week(rng, 0, 100) + week(rng, 1, 5)), CARD_OF_BUNDLE)
    chart = figures.chart("embedding")
    assert chart is not None
    assert [point.week for point in chart.points] == ["2026-01-05"]
    assert "2026-01-12" in figures.notes[0]


def test_a_week_of_nothing_but_unreadable_files() -> None:
    rng = np.random.default_rng(0)
    rows = week(rng, 0, 60) + week(rng, 1, 60, unreadable=1.0)
    figures = watch(contents(rows), CARD_OF_BUNDLE)
    assert {(a.week, a.chart) for a in figures.alarms} == {("2026-01-12", "unreadable")}
    assert sentences(figures)[0].startswith("1 of 2 weeks raises an alarm")


def test_a_baseline_that_is_strange_itself_raises_no_alarm() -> None:
    rng = np.random.default_rng(0)
    rows = week(rng, 0, 100) + week(rng, 1, 100, unreadable=0.3, moved=2) + week(rng, 2, 100)
    figures = watch(contents(rows), CARD_OF_BUNDLE, baseline=2)
    assert "2026-01-12" not in {alarm.week for alarm in figures.alarms}
    assert not any(p.alarm for chart in figures.charts for p in chart.points[:2])


def test_what_a_band_abstains_on_is_no_change() -> None:
    rows = month(np.random.default_rng(0))
    for row in rows[::2]:
        row["decision"], row["reasons"] = "abstain", [*row["reasons"], "near-threshold"]
    assert not watch(contents(rows), CARD_OF_BUNDLE).alarms


def test_no_times_and_too_long_a_baseline_are_refused() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(UsageError, match="--times"):
        watch(contents(week(rng, 0, 30, time=False)), CARD_OF_BUNDLE)
    with pytest.raises(UsageError, match="left to watch"):
        watch(contents(month(rng)), CARD_OF_BUNDLE, baseline=4)
    with pytest.raises(UsageError, match="20 films"):
        watch(contents(week(rng, 0, 5) + week(rng, 1, 30)), CARD_OF_BUNDLE, baseline=1)


def test_the_sentences_say_what_an_alarm_is_and_is_not() -> None:
    ledger = replace(contents(month(np.random.default_rng(0), **SCANNER)), torn=2, repeated=1)
    said = " ".join(sentences(watch(ledger, CARD_OF_BUNDLE)))
    assert "not how good the model is" in said
    assert "at most 1 %" in said
    assert "2 lines that are no result, 1 film that stands there twice" in said
    every = contents(week(np.random.default_rng(0), 0, 100, power=5, moved=2))
    assert "--baseline" in " ".join(sentences(watch(every, CARD_OF_BUNDLE)))


def test_weeks_of_files_that_cannot_be_read_have_a_page(tmp_path: Path) -> None:
    """There is no probability to draw, and no week to label."""
    ledger = contents(week(np.random.default_rng(0), 0, 30, unreadable=1.0))
    assert write_page(tmp_path, watch(ledger, FEWER)).exists()
    quiet = CARD_OF_BUNDLE.model_copy(update={"figures": None})
    assert write_page(tmp_path, watch(ledger, quiet)).exists()
