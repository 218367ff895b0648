"""The pictures of a report: which there are, what is written under them, where they are kept."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from radistill import atomic
from radistill.evaluation import curves, plots, samples
from radistill.evaluation.predictions import Predictions
from radistill.progress import bar

SAMPLE_SEED = 0  # the films shown are the same in every report of a run


class Picture(NamedTuple):
    """`file` under RUN/plots; `draw` returns SVG text or PNG bytes."""

    file: str
    title: str
    caption: str
    draw: Callable[[], str | bytes]


def plot_pictures(
    run: Path, comparison: Mapping[str, Any], predictions: Mapping[str, Predictions]
) -> list[Picture]:
    """Plots of the comparison and of training, as far as their data are in the run directory."""
    cost = Picture(
        "cost.svg",
        "Accuracy against cost",
        "AUC on test with its 95 % interval. Points of equal cost are moved a little apart.",
        lambda: plots.cost_plot(comparison),
    )
    has_cost = any(model.get("cost") for model in comparison["models"])
    return [
        Picture(
            "roc.svg",
            "ROC curves",
            f"{plots.describe(comparison)} The markers are the thresholds in use.",
            lambda: plots.roc_plot(comparison, predictions),
        ),
        Picture(
            "confusion.svg",
            "Confusion matrices",
            "Test films by truth and decision, each model at its own threshold. Percentages are "
            "of the true class.",
            lambda: plots.confusion_plot(comparison),
        ),
        *_training_pictures(run, comparison),
        *([cost] if has_cost else []),
    ]


def _training_pictures(run: Path, comparison: Mapping[str, Any]) -> list[Picture]:
    names = [model["name"] for model in comparison["models"]]
    read = {name: curves.read_history(run / name / "history.csv") for name in names}
    histories = {name: history for name, history in read.items() if history is not None}
    if not histories:
        return []
    loss = "By epoch. A dotted line is where one phase, such as the head alone, gives way to the "
    loss += "next."
    if "student" in histories:
        loss += (
            " The distilled student's training loss has the teacher's part in it and compares "
            "with no other."
        )
    return [
        Picture("loss.svg", "Loss", loss, lambda: curves.loss_plot(histories)),
        Picture(
            "validation.svg",
            "AUC and accuracy on validation",
            "By epoch. Accuracy is that of the most probable class.",
            lambda: curves.score_plot(histories),
        ),
    ]


def film_pictures(
    name: str,
    p: Predictions,
    threshold: float,
    wrong: Sequence[int],
    thumbnails: samples.Thumbnails,
) -> list[Picture]:
    """Sheets of films with what model `name` said of them; `wrong` are rows of its mistakes."""
    explained = (
        f"The bar is the probability of {p.positive} by the {name} model, the tick its threshold; "
        "blue frames are right, orange ones wrong."
    )
    drawn = samples.random_films(p, SAMPLE_SEED)
    found = [
        Picture(
            "samples.png",
            "Drawn at random",
            explained,
            lambda: samples.sample_sheet(p, drawn, threshold, thumbnails),
        )
    ]
    if wrong:
        found.append(
            Picture(
                "mistakes.png",
                "Worst mistakes",
                "The surest of its wrong calls: missed films first, then false alarms.",
                lambda: samples.sample_sheet(p, wrong, threshold, thumbnails),
            )
        )
    return found


def draw(run: Path, wanted: Sequence[Picture]) -> list[dict[str, str]]:
    """Draw each picture and save it under RUN/plots; returns title, caption and data URI of each.

    Raises RadistillError if the folder cannot be written.
    """
    shown = []
    with bar() as progress:
        for picture in progress.track(wanted, description="drawing the report"):
            drawn = picture.draw()
            content = drawn.encode() if isinstance(drawn, str) else drawn
            with atomic.replacing(run / "plots" / picture.file) as temporary:
                temporary.write_bytes(content)
            shown.append(
                {"title": picture.title, "caption": picture.caption, "uri": data_uri(content)}
            )
    return shown


def data_uri(content: bytes) -> str:
    """SVG or PNG bytes as an address that needs no file."""
    kind = "image/png" if content.startswith(b"\x89PNG") else "image/svg+xml"
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
