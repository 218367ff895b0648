"""Control charts of weeks against a reference: the card, or the first weeks themselves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from radistill.adapt.control_limits import (
    FEWEST,
    Rate,
    SketchMoments,
    count_limits,
    mean_shift,
    quantiles_of,
    score_distance,
    score_limit,
    shift_limit,
)
from radistill.adapt.ledgers import LedgerRow
from radistill.adapt.week_rows import (
    SHARES,
    counted_of,
    probabilities,
    share_counts,
    sketch_moments,
)
from radistill.schema.card import Card
from radistill.schema.monitor_figures import ChartPoint, ControlChart

ALLOWED = 0.01  # share of films of a reason, or unreadable, that a card gives no rate for


@dataclass(frozen=True, eq=False)
class WatchReference:
    """What weeks are compared with. quantiles, (41,): of the probability of `films` films, None
    where they are not known. rates: by name of `SHARES`."""

    kind: Literal["card", "baseline"]
    films: int
    quantiles: np.ndarray | None
    rates: Mapping[str, Rate]
    sketches: SketchMoments | None


def of_card(card: Card) -> WatchReference:
    """The card's test films for probabilities, its validation films for abstention and sketches."""
    rates = dict.fromkeys(SHARES, Rate(ALLOWED))
    sketches = None
    if card.abstention is not None:
        measured, known = card.abstention.measured, card.abstention.detector
        embedding = measured.embedding[known.kind]
        for reason, caught in (
            ("out-of-distribution", embedding),
            ("unusual-layout", measured.layout),
        ):
            rates[reason] = Rate(1 - caught.kept, measured.validation_films)
        given_away = sum(
            rates[reason].share for reason in ("out-of-distribution", "unusual-layout")
        )
        rates["abstained"] = Rate(min(1.0, ALLOWED + given_away))
        size = len(known.deviations)
        sketches = SketchMoments(np.zeros(size), np.eye(size), measured.validation_films)
    test = card.figures.test if card.figures else None
    quantiles = np.round(test.score_quantiles, 6) if test and test.score_quantiles else None
    return WatchReference("card", test.n if test else 0, quantiles, rates, sketches)


def of_rows(rows: Sequence[LedgerRow]) -> WatchReference:
    """The films of the first weeks."""
    counts = share_counts(rows)
    rates = {
        name: Rate(counts[name] / max(1, counted_of(counts, name)), counted_of(counts, name))
        for name in SHARES
    }
    probability = probabilities(rows)
    return WatchReference(
        "baseline", len(probability), quantiles_of(probability), rates, sketch_moments(rows)
    )


@dataclass(frozen=True, eq=False)
class PeriodSums:
    """What the charts need of a week's films.

    counts: see `share_counts`. distance: of the probabilities from the reference's, None without
    either. moments: of the sketches, None with too few; sketched: whether there are any.
    """

    counts: Mapping[str, int]
    distance: float | None
    moments: SketchMoments | None
    sketched: bool


def period_sums(rows: Sequence[LedgerRow], reference: WatchReference) -> PeriodSums:
    probability = probabilities(rows)
    distance = None
    if reference.quantiles is not None and len(probability):
        distance = score_distance(reference.quantiles, probability)
    sketched = any(row.sketch for row in rows)
    return PeriodSums(share_counts(rows), distance, sketch_moments(rows), sketched)


def control_charts(
    weeks: Mapping[str, PeriodSums], reference: WatchReference, false_alarms: float
) -> tuple[tuple[ControlChart, ...], int, tuple[str, ...]]:
    """The charts that have something to show, among how many alpha is divided, and notes."""
    notes = []
    sketched = any(sums.sketched for sums in weeks.values())
    embedded = sketched and reference.sketches is not None
    if not embedded:
        notes.append(
            f"Embeddings are not watched: {'the reference' if sketched else 'the results'} have no "
            "sketches. Predict with --sketch to store them."
        )
    if reference.quantiles is None:
        notes.append("Probabilities are not watched: the card has none of its test films.")
    scored = reference.quantiles is not None
    held = len(SHARES) + scored + embedded
    alpha = false_alarms / (1 + scored + embedded)  # of a kind: shares, probabilities, embeddings
    each = alpha / len(SHARES)
    charts = [_share_chart(name, weeks, reference.rates[name], each) for name in SHARES]
    charts = [
        chart
        for chart in charts
        if any(point.value for point in chart.points) or chart.name in SHARES[:2]
    ]
    if scored:
        points = [
            _score_point(week, sums.counts["read"], sums.distance, reference.films, alpha)
            for week, sums in weeks.items()
            if sums.distance is not None
        ]
        charts.append(ControlChart(name="probability", reference=None, points=tuple(points)))
    if embedded and reference.sketches is not None:
        shifts = tuple(
            _shift_point(week, sums.moments, reference.sketches, alpha)
            for week, sums in weeks.items()
            if sums.moments is not None
        )
        charts.append(ControlChart(name="embedding", reference=None, points=shifts))
        if small := [week for week, sums in weeks.items() if sums.moments is None]:
            notes.append(
                f"Embeddings of weeks with fewer than {FEWEST} films are not watched: "
                f"{', '.join(small)}."
            )
    return tuple(charts), held, tuple(notes)


def _share_chart(
    name: str, weeks: Mapping[str, PeriodSums], rate: Rate, alpha: float
) -> ControlChart:
    points = []
    for week, sums in weeks.items():
        counts = sums.counts
        films = counted_of(counts, name)
        if films:
            low, high = count_limits(rate, films, alpha)
            points.append(
                ChartPoint(
                    week=week,
                    films=films,
                    value=counts[name] / films,
                    low=low / films,
                    high=high / films,
                    alarm=not low <= counts[name] <= high,
                )
            )
    return ControlChart(name=name, reference=rate.share, points=tuple(points))


def _score_point(
    week: str, films: int, distance: float, reference: int, alpha: float
) -> ChartPoint:
    return _distance_point(week, films, distance, score_limit(reference, films, alpha))


def _shift_point(
    week: str, moments: SketchMoments, reference: SketchMoments, alpha: float
) -> ChartPoint:
    known = len(moments.mean)
    part = SketchMoments(
        reference.mean[:known], reference.covariance[:known, :known], reference.films
    )
    limit = shift_limit(known, reference.films, moments.films, alpha)
    return _distance_point(week, moments.films, mean_shift(part, moments), limit)


def _distance_point(week: str, films: int, distance: float, limit: float) -> ChartPoint:
    return ChartPoint(
        week=week, films=films, value=distance, low=0.0, high=limit, alarm=distance > limit
    )
