"""Results of a month as `predict --sketch` writes them, drawn from what a card says."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from radistill.runtime.find_bundle import find_bundle
from radistill.schema.card import CARD, Card, read_card

BUNDLE = find_bundle("pneumonia-children")
CARD_OF_BUNDLE = read_card(BUNDLE / CARD)
MONDAY = date(2026, 1, 5)


def week(
    rng: np.random.Generator,
    number: int,
    films: int,
    *,
    card: Card = CARD_OF_BUNDLE,
    power: float = 1.0,
    moved: float = 0.0,
    abstained: float = 0.002,
    unreadable: float = 0.0,
    sketch: bool = True,
    time: bool = True,
) -> list[dict[str, Any]]:
    """Rows of the week `number` (from 0). power: to which probabilities are raised; moved: by how
    many deviations the second component of the embedding is."""
    assert card.figures is not None
    quantiles = np.array(card.figures.test.score_quantiles)
    lines = []
    for i in range(films):
        probability = float(np.interp(rng.random(), np.linspace(0, 1, 41), quantiles)) ** power
        row: dict[str, Any] = {"path": f"films/{number}-{i}.png"}
        if time:
            day = MONDAY + timedelta(days=7 * number + int(rng.integers(7)))
            moment = datetime(day.year, day.month, day.day, int(rng.integers(24)))
            row["time"] = moment.isoformat() + "+00:00"
        if rng.random() < unreadable:
            row["error"] = {"code": "damaged", "message": "cut short"}
            lines.append(row)
            continue
        reasons = ["out-of-distribution"] if rng.random() < abstained else []
        label = card.positive if probability >= card.threshold else card.classes[0]
        row |= {
            "sha256": f"{rng.integers(2**60):064x}",
            "label": label,
            "probability": round(probability, 6),
            "threshold": card.threshold,
            "decision": "abstain" if reasons else label.lower(),
            "reasons": reasons,
            "heatmap": None,
            "model": {
                "name": "student-pneumonia",
                "version": "0.1.0",
                "sha256": card.files[card.figures_of],
            },
            "ms": 3.0,
        }
        if sketch:
            drawn = rng.normal(size=8)
            drawn[1] += moved
            row["sketch"] = [round(float(number), 3) for number in drawn]
        lines.append(row)
    return lines


def month(rng: np.random.Generator, films: int = 150, **third: Any) -> list[dict[str, Any]]:
    """Four weeks; the third and fourth as `third` says: another scanner."""
    weeks = [week(rng, number, films, **(third if number >= 2 else {})) for number in range(4)]
    return [row for rows in weeks for row in rows]


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path
