"""The pictures of a report: which there are, what is written under them, where they are kept."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from radistill.explain.robustness import weakest
from radistill.files import replacing
from radistill.metrics.predictions import Predictions
from radistill.progress import bar
from radistill.report.figures import (
    comparison_plots,
    failures,
    samples,
    training_curves,
    validation_plots,
)

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
        lambda: comparison_plots.cost_plot(comparison),
    )
    has_cost = any(model.get("cost") for model in comparison["models"])
    return [
        Picture(
            "roc.svg",
            "ROC curves",
            f"{comparison_plots.describe(comparison)} The markers are the thresholds in use.",
            lambda: comparison_plots.roc_plot(comparison, predictions),
        ),
        Picture(
            "confusion.svg",
            "Confusion matrices",
            "Test films by truth and decision, each model at its own threshold. Percentages are "
            "of the true class.",
            lambda: comparison_plots.confusion_plot(comparison),
        ),
        *_training_pictures(run, comparison),
        *([cost] if has_cost else []),
    ]


def _training_pictures(run: Path, comparison: Mapping[str, Any]) -> list[Picture]:
    names = [model["name"] for model in comparison["models"]]
    read = {name: training_curves.read_history(run / name / "history.csv") for name in names}
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
        Picture("loss.svg", "Loss", loss, lambda: training_curves.loss_plot(histories)),
        Picture(
            "validation.svg",
            "AUC and accuracy on validation",
            "By epoch. Accuracy is that of the most probable class.",
            lambda: training_curves.score_plot(histories),
        ),
    ]


def tuned_pictures(
    comparison: Mapping[str, Any], predictions: Mapping[str, Predictions]
) -> list[Picture]:
    """Reliability and net benefit on test; none where the test films are of one class."""
    truth = next(iter(predictions.values())).truth
    if truth.all() or not truth.any():
        return []
    return [
        Picture(
            "reliability.svg",
            "Reliability",
            "Test films in ten groups of equal size by told probability, with 95 % intervals; on "
            "the dotted line what is told is what happens.",
            lambda: validation_plots.reliability_plot(comparison, predictions),
        ),
        Picture(
            "decision.svg",
            "Decision curve",
            "Net benefit of acting on the probability, as calibrated, by the risk from which one "
            "would act (Vickers and Elkin 2006). Below both straight choices a model does harm.",
            lambda: validation_plots.decision_plot(comparison, predictions),
        ),
    ]


def failure_pictures(model: Mapping[str, Any]) -> list[Picture]:
    """Groups and damaged films, as far as the model was scored on them."""
    found = []
    if model.get("groups"):
        found.append(
            Picture(
                "groups.svg",
                "Groups",
                "95 % intervals; the dotted line is all test films. In brackets the films.",
                lambda: failures.group_plot(model["groups"], model["test"]),
            )
        )
    if model.get("robustness"):
        damaged = model["robustness"]
        worst = weakest(damaged)
        least = (
            f" Lowest AUC: {worst['auc']:.3f} ({worst['name']}, {worst['level']:g})."
            if worst
            else ""
        )
        found.append(
            Picture(
                "robustness.svg",
                "Damaged films",
                f"{damaged['films']} test films, at the threshold as shipped, undamaged at left, "
                f"then worse and worse, with 95 % intervals.{least}",
                lambda: failures.robustness_plot(damaged),
            )
        )
    return found


def shift_pictures(comparison: Mapping[str, Any], p: Predictions) -> list[Picture]:
    """Scores on other data, where these are other data."""
    external = comparison.get("external")
    if not external:
        return []
    return [
        Picture(
            "scores.svg",
            "Scores on these films",
            "Films by told probability, with the threshold as shipped and the one that would have "
            "been best here.",
            lambda: failures.shift_plot(p, external),
        )
    ]


def film_pictures(
    name: str,
    p: Predictions,
    threshold: float,
    wrong: Sequence[int],
    thumbnails: samples.Thumbnails,
    heat: samples.Thumbnails | None = None,
) -> list[Picture]:
    """Sheets of films with what model `name` said of them; `wrong` are rows of its mistakes.

    heat: path -> heat map of the model, drawn over the mistakes.
    """
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
                "The surest of its wrong calls: missed films first, then false alarms."
                + (" Bright: what spoke for the disease." if heat else ""),
                lambda: samples.sample_sheet(p, wrong, threshold, thumbnails, heat),
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
            with replacing(run / "plots" / picture.file) as temporary:
                temporary.write_bytes(content)
            shown.append(
                {"title": picture.title, "caption": picture.caption, "uri": data_uri(content)}
            )
    return shown


def data_uri(content: bytes) -> str:
    """SVG or PNG bytes as an address that needs no file."""
    kind = "image/png" if content.startswith(b"\x89PNG") else "image/svg+xml"
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
