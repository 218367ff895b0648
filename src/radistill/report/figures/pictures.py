"""The pictures of a report, without their titles and captions, which stand in the templates."""

import base64
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from radistill.files import replacing
from radistill.metrics.predictions import Predictions
from radistill.progress import bar
from radistill.report.figures import comparison_plots as plots
from radistill.report.figures import failures, samples, training_curves, validation_plots
from radistill.schema.comparison import Comparison, ModelResult
from radistill.training.history import read_history

SAMPLE_SEED = 0  # the films shown are the same in every report of a run

# By file name under RUN/plots; each returns SVG text or PNG bytes.
Drawings = dict[str, Callable[[], str | bytes]]


def report_drawings(
    run: Path,
    comparison: Comparison,
    main: ModelResult,
    predictions: Mapping[str, Predictions],
    thumbnails: samples.Thumbnails | None,
    heat: samples.Thumbnails | None,
) -> Drawings:
    """The plots and sheets of films that the run directory and the comparison have data for.

    main: the model whose groups, corrupted films and mistakes are drawn. Arguments otherwise as
    `write_report` takes them.
    """
    models, films, threshold = comparison.models, predictions[main.name], main.test.threshold
    classes = plots.negative_name(comparison.dataset), comparison.dataset.positive
    drawings: Drawings = {
        "roc.svg": partial(plots.roc_plot, models, predictions),
        "confusion.svg": partial(plots.confusion_plot, models, classes),
    }
    files = {model.name: run / model.name / "history.csv" for model in models}
    read = {name: read_history(file) for name, file in files.items() if file.exists()}
    if histories := {name: history for name, history in read.items() if history}:
        drawings["loss.svg"] = partial(training_curves.loss_plot, histories)
        drawings["validation.svg"] = partial(training_curves.score_plot, histories)
    if any(model.cost for model in models):
        drawings["cost.svg"] = partial(plots.cost_plot, models)
    if films.truth.any() and not films.truth.all():
        reliability, decision = validation_plots.reliability_plot, validation_plots.decision_plot
        drawings["reliability.svg"] = partial(reliability, models, predictions)
        drawings["decision.svg"] = partial(decision, models, predictions)
    if main.groups:
        drawings["groups.svg"] = partial(failures.group_plot, main.groups, main.test)
    if main.robustness:
        drawings["robustness.svg"] = partial(failures.robustness_plot, main.robustness)
    if comparison.external:
        drawings["scores.svg"] = partial(failures.shift_plot, films, comparison.external)
    if thumbnails is not None:
        sheet = partial(samples.sample_sheet, films, threshold=threshold, thumbnails=thumbnails)
        drawings["samples.png"] = partial(sheet, samples.random_films(films, SAMPLE_SEED))
        if wrong := samples.worst_mistakes(films, threshold):
            drawings["mistakes.png"] = partial(sheet, wrong, heat=heat)
    return drawings


def draw(run: Path, drawings: Drawings) -> dict[str, str]:
    """Draw each picture and save it under RUN/plots; the addresses that a page can hold, by file.

    Raises RadistillError if the folder cannot be written.
    """
    addresses = {}
    with bar() as progress:
        for file, make in progress.track(drawings.items(), description="drawing the report"):
            picture = make()
            content = picture.encode() if isinstance(picture, str) else picture
            with replacing(run / "plots" / file) as temporary:
                temporary.write_bytes(content)
            addresses[file] = data_uri(content)
    return addresses


def data_uri(content: bytes) -> str:
    """SVG or PNG bytes as an address that needs no file."""
    kind = "image/png" if content.startswith(b"\x89PNG") else "image/svg+xml"
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
