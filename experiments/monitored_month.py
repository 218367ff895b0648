"""A month of films with another scanner from week three on, and what `radistill monitor` says.

    python experiments/monitored_month.py chest_xray/test --out runs/month

The films of a folder are dealt out to four weeks at random. From the third on each is a new file,
with less contrast, a steeper gamma and wider margins, as another scanner might give it. All are
predicted with the bundle that ships, as by `radistill predict --sketch`, but for the time, which is
a day of the week. `month.jsonl` is the ledger; the pages compare with the card (`card/`) and with
the first two weeks (`baseline/`).

`sensitivity.csv` has the same for each corruption of `radistill.imaging.corruptions` alone, at each
severity: which charts raise an alarm in the third and fourth week against the first two. Last, the
limits are tried on the films as they are: how often is a random week beyond them?
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from PIL import Image

import radistill
from radistill.adapt.control_limits import (
    SketchMoments,
    mean_shift,
    quantiles_of,
    score_distance,
    score_limit,
    shift_limit,
)
from radistill.adapt.ledgers import LedgerContents, LedgerRow, read_ledgers
from radistill.adapt.monitor_page import sentences, write_page
from radistill.adapt.watch import watch
from radistill.files import write_csv, write_text
from radistill.imaging import decode, to_square
from radistill.imaging.corruptions import CORRUPTIONS
from radistill.runtime import Predictor, film_paths
from radistill.runtime.decision import picture_reasons
from radistill.runtime.find_bundle import find_bundle
from radistill.runtime.ood import sketches

BUNDLE = "pneumonia-children"
WEEKS, CHANGED = 4, 2  # the first week of the new scanner, from 0
MONDAY = datetime(2026, 1, 5, 8)
SCANNER = {"contrast": 0.8, "underexposed": 1.25, "smaller": 0.9}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("films", type=Path, help="a folder of real films")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    weeks, model, ledger = a_month(sorted(film_paths([str(options.films)])), options.out, rng)
    for name, baseline in (("card", 0), ("baseline", CHANGED)):
        figures = watch(ledger, model.card, baseline=baseline)
        print(f"\nagainst the {name}: {write_page(options.out / name, figures)}")
        print("\n".join([*(f"{a.week}: {a.message}" for a in figures.alarms), *sentences(figures)]))

    squares = [np.stack([to_square(decode(film), 224) for film in week]) for week in weeks]
    before = [row for number in range(CHANGED) for row in rows_of(model, squares[number], number)]
    table = []
    for corruption in CORRUPTIONS:
        for severity in corruption.severities:
            after = [
                row
                for number in range(CHANGED, WEEKS)
                for row in rows_of(model, corruption.apply(squares[number], severity), number)
            ]
            contents = LedgerContents((*before, *after), ledger.model, 0, 0)
            figures = watch(contents, model.card, baseline=CHANGED)
            by_week = {
                week.week: " ".join(a.chart for a in figures.alarms if a.week == week.week) or "-"
                for week in figures.weeks[CHANGED:]
            }
            table.append((corruption.name, severity, *by_week.values()))
    write_csv(
        options.out / "sensitivity.csv", ("corruption", "severity", "week 3", "week 4"), table
    )
    kept = [row for number, films in enumerate(squares) for row in rows_of(model, films, number)]
    try_limits(kept, rng)


def a_month(
    films: Sequence[Path], out: Path, rng: np.random.Generator
) -> tuple[list[list[Path]], Predictor, LedgerContents]:
    """The films of each week as they are, the model, and the ledger of what it was shown."""
    weeks = [list(part) for part in np.array_split(rng.permutation(films), WEEKS)]
    model = radistill.load(BUNDLE)
    changed = [
        [other_scanner(film, out / "films") for film in week] if number >= CHANGED else week
        for number, week in enumerate(weeks)
    ]
    lines = [
        json.dumps({**result.record(), "time": moment(number, rng).isoformat()}) + "\n"
        for number, week in enumerate(changed)
        for result in model.predict(week, sketch=True)
    ]
    write_text(out / "month.jsonl", "".join(lines))
    return weeks, model, read_ledgers([out / "month.jsonl"], model.card, find_bundle(BUNDLE))


def try_limits(rows: Sequence[LedgerRow], rng: np.random.Generator) -> None:
    """Print the share of 2,000 weeks of 100 films beyond limits of as random a half of `rows`."""
    embedded = np.array([row.sketch for row in rows])
    probability = np.array([row.probability for row in rows])
    half = len(rows) // 2
    for alpha in (0.05, 0.001):
        beyond = []
        for _ in range(2000):
            order = rng.permutation(len(rows))
            known, week = order[:half], order[half:][:100]
            moments = SketchMoments.of(embedded[known]), SketchMoments.of(embedded[week])
            distance = score_distance(quantiles_of(probability[known]), probability[week])
            beyond.append(
                (
                    mean_shift(*moments) > shift_limit(embedded.shape[1], half, len(week), alpha),
                    distance > score_limit(half, len(week), alpha),
                )
            )
        moved, otherwise = np.mean(beyond, axis=0)
        print(f"beyond limits of {alpha:g}: embeddings {moved:.4f}, probabilities {otherwise:.4f}")


def moment(week: int, rng: np.random.Generator) -> datetime:
    """A working hour of a working day of the week."""
    return MONDAY + timedelta(days=7 * week + int(rng.integers(5)), hours=int(rng.integers(9)))


def other_scanner(film: Path, folder: Path) -> Path:
    """The same film as a file of its own, as `SCANNER` shows it."""
    squares = to_square(decode(film), 224)[None]
    for corruption in CORRUPTIONS:
        if corruption.name in SCANNER:
            squares = corruption.apply(squares, SCANNER[corruption.name])
    folder.mkdir(parents=True, exist_ok=True)
    copy = folder / f"{film.stem}.png"
    Image.fromarray(squares[0]).save(copy)
    return copy


def rows_of(model: Predictor, films: np.ndarray, week: int) -> list[LedgerRow]:
    """What a ledger would hold of uint8 films (N, 224, 224)."""
    card = model.card
    assert card.abstention is not None
    squares = np.stack([to_square(film, card.input_size) for film in films])
    outputs = model.bundle.run(squares)
    reasons = picture_reasons(card, squares, [film.shape for film in films], outputs.embedding)
    return [
        LedgerRow(
            path=f"{week}/{i}",
            time=MONDAY + timedelta(days=7 * week),
            probability=float(outputs.probability[i, card.positive_index]),
            decision="abstain" if reasons[i] else "answered",
            reasons=tuple(reasons[i]),
            sketch=tuple(sketch),
            model=model.model,
        )
        for i, sketch in enumerate(sketches(card.abstention.detector, outputs.embedding).tolist())
    ]


if __name__ == "__main__":
    main()
