"""The pictures of a report: which there are, what is written under them, where they are kept."""

import base64
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

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
from radistill.schema.comparison import External, ModelResult
from radistill.training.history import read_history

SAMPLE_SEED = 0  # the films shown are the same in every report of a run


class ReportFigure(NamedTuple):
    """`file` under RUN/plots; `draw` returns SVG text or PNG bytes."""

    file: str
    title: str
    caption: str
    draw: Callable[[], str | bytes]


class Drawn(NamedTuple):
    """A figure as the templates take it; `uri` holds the picture itself."""

    title: str
    caption: str
    uri: str


def comparison_figures(
    run: Path,
    models: Sequence[ModelResult],
    predictions: Mapping[str, Predictions],
    classes: tuple[str, str],
) -> list[ReportFigure]:
    """Plots of the comparison and of training, as far as their data are in the run directory."""
    cost = ReportFigure(
        "cost.svg",
        "Accuracy against cost",
        "AUC on test with its 95 % interval. Points of equal cost are moved a little apart.",
        lambda: comparison_plots.cost_plot(models),
    )
    return [
        ReportFigure(
            "roc.svg",
            "ROC curves",
            f"{comparison_plots.describe(models)} The markers are the thresholds in use.",
            lambda: comparison_plots.roc_plot(models, predictions),
        ),
        ReportFigure(
            "confusion.svg",
            "Confusion matrices",
            "Test films by truth and decision, each model at its own threshold. Percentages are "
            "of the true class.",
            lambda: comparison_plots.confusion_plot(models, classes),
        ),
        *_training_figures(run, models),
        *([cost] if any(model.cost for model in models) else []),
    ]


def _training_figures(run: Path, models: Sequence[ModelResult]) -> list[ReportFigure]:
    files = {model.name: run / model.name / "history.csv" for model in models}
    read = {name: read_history(file) for name, file in files.items() if file.exists()}
    histories = {name: history for name, history in read.items() if history}
    if not histories:
        return []
    loss = "By epoch. A dotted line separates the phases, such as the head alone."
    if "student" in histories:
        loss += (
            " The distilled student's training loss has the teacher's part in it and cannot be "
            "compared with the others."
        )
    return [
        ReportFigure("loss.svg", "Loss", loss, lambda: training_curves.loss_plot(histories)),
        ReportFigure(
            "validation.svg",
            "AUC and accuracy on validation",
            "By epoch. Accuracy is that of the most probable class.",
            lambda: training_curves.score_plot(histories),
        ),
    ]


def validation_figures(
    models: Sequence[ModelResult], predictions: Mapping[str, Predictions]
) -> list[ReportFigure]:
    """Reliability and net benefit on test; none where the test films are of one class."""
    truth = next(iter(predictions.values())).truth
    if truth.all() or not truth.any():
        return []
    return [
        ReportFigure(
            "reliability.svg",
            "Reliability",
            "Test films in ten groups of equal size by predicted probability, with 95 % intervals; "
            "on the dotted line the probability is right.",
            lambda: validation_plots.reliability_plot(models, predictions),
        ),
        ReportFigure(
            "decision.svg",
            "Decision curve",
            "Net benefit of acting on the probability, as calibrated, by the risk from which one "
            "would act (Vickers and Elkin 2006). Below both straight choices a model does harm.",
            lambda: validation_plots.decision_plot(models, predictions),
        ),
    ]


def failure_figures(model: ModelResult) -> list[ReportFigure]:
    """Groups and corrupted films, as far as the model was scored on them."""
    drawn = []
    if model.groups:
        drawn.append(
            ReportFigure(
                "groups.svg",
                "Groups",
                "95 % intervals; the dotted line is all test films. In brackets the films.",
                lambda: failures.group_plot(model.groups, model.test),
            )
        )
    if robustness := model.robustness:
        worst = weakest(robustness)
        least = f" Lowest AUC: {worst.auc:.3f} ({worst.name}, {worst.level:g})." if worst else ""
        drawn.append(
            ReportFigure(
                "robustness.svg",
                "Corrupted films",
                f"{robustness.films} test films, at the threshold as shipped, as they are at left, "
                f"then worse and worse, with 95 % intervals.{least}",
                lambda: failures.robustness_plot(robustness),
            )
        )
    return drawn


def shift_figures(external: External | None, p: Predictions) -> list[ReportFigure]:
    """Scores on other data, where these are other data."""
    if not external:
        return []
    return [
        ReportFigure(
            "scores.svg",
            "Scores on these films",
            "Films by predicted probability, with the threshold as shipped and the one that would "
            "have been best here.",
            lambda: failures.shift_plot(p, external),
        )
    ]


def film_sheets(
    name: str,
    p: Predictions,
    threshold: float,
    wrong: Sequence[int],
    thumbnails: samples.Thumbnails,
    heat: samples.Thumbnails | None = None,
) -> list[ReportFigure]:
    """Sheets of films with the probabilities of model `name`; `wrong` are rows of its mistakes.

    heat: path -> heat map of the model, drawn over the mistakes.
    """
    explained = (
        f"The bar is the probability of {p.positive} by the {name} model, the tick its threshold; "
        "blue frames are right, orange ones wrong."
    )
    drawn = samples.random_films(p, SAMPLE_SEED)
    sheets = [
        ReportFigure(
            "samples.png",
            "Drawn at random",
            explained,
            lambda: samples.sample_sheet(p, drawn, threshold, thumbnails),
        )
    ]
    if wrong:
        sheets.append(
            ReportFigure(
                "mistakes.png",
                "Worst mistakes",
                "The most confident of its wrong calls: missed films first, then false alarms."
                + (" Bright: what speaks for the disease." if heat else ""),
                lambda: samples.sample_sheet(p, wrong, threshold, thumbnails, heat),
            )
        )
    return sheets


def draw(run: Path, figures: Sequence[ReportFigure]) -> list[Drawn]:
    """Draw each figure and save it under RUN/plots.

    Raises RadistillError if the folder cannot be written.
    """
    drawn = []
    with bar() as progress:
        for figure in progress.track(figures, description="drawing the report"):
            picture = figure.draw()
            content = picture.encode() if isinstance(picture, str) else picture
            with replacing(run / "plots" / figure.file) as temporary:
                temporary.write_bytes(content)
            drawn.append(Drawn(figure.title, figure.caption, data_uri(content)))
    return drawn


def data_uri(content: bytes) -> str:
    """SVG or PNG bytes as an address that needs no file."""
    kind = "image/png" if content.startswith(b"\x89PNG") else "image/svg+xml"
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
