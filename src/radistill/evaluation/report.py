"""RUN/report.html: one file that needs nothing else, from the files of the run directory."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined

from radistill import __version__, atomic
from radistill.evaluation import curves, plots, samples, table, words
from radistill.evaluation.compare import read_json
from radistill.evaluation.predictions import Predictions, read_predictions
from radistill.evaluation.style import look
from radistill.evaluation.summary import main_model, summary
from radistill.progress import bar

SAMPLE_SEED = 0  # the films shown are the same in every report of a run
LISTED = 20  # rows of a long list in the audit


class Plot(NamedTuple):
    """A picture in the report; `file` under RUN/plots, `draw` returns SVG or PNG."""

    file: str
    title: str
    caption: str
    draw: Callable[[], str | bytes]


def write_report(run: Path, thumbnails: samples.Thumbnails | None) -> Path:
    """Write RUN/report.html and RUN/plots/, return the path of the report.

    thumbnails: path of a film -> grey uint8 (S, S); None leaves the sheets of films out. Needs
    comparison.json and the predictions; the audit, the settings, the environment and the
    histories are shown where they are there. Raises RadistillError if a file is damaged or
    missing, UsageError if a CSV of predictions is.
    """
    comparison = read_json(run / "comparison.json")
    positive = str(comparison["dataset"]["positive"])
    predictions = {
        model["name"]: read_predictions(run / model["name"] / "predictions.csv", positive)
        for model in comparison["models"]
    }
    main = main_model(comparison)
    films = predictions[main["name"]]
    wrong = samples.worst_mistakes(films, main["test"]["threshold"])
    sheets = [] if thumbnails is None else _sheets(main, films, wrong, thumbnails)
    page = _template().render(
        comparison=comparison,
        banners=words.banners(comparison),
        summary=summary(comparison),
        figures=table.cells(comparison, table.FIGURES),
        costs=table.cells(comparison, table.COSTS),
        main=main["name"],
        plots=_draw(run, [*_plots(comparison, predictions), *_curves(run, comparison)]),
        sheets=_draw(run, sheets),
        mistakes=[_mistake(row, films, predictions) for row in wrong],
        audit=_optional(run / "audit.json"),
        grid=_data_uri((run / "audit-grid.png").read_bytes())
        if (run / "audit-grid.png").exists()
        else None,
        config=_text(run / "config.yaml"),
        environment=_optional(run / "environment.json"),
        version=__version__,
    )
    atomic.write_text(run / "report.html", page)
    return run / "report.html"


def _template() -> Any:
    environment = Environment(
        loader=PackageLoader("radistill.evaluation"),
        autoescape=True,  # class names and paths come from the data folder
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"look": look, "words": words, "listed": LISTED}
    return environment.get_template("report.html")


def _plots(comparison: Mapping[str, Any], predictions: Mapping[str, Predictions]) -> list[Plot]:
    found = [
        Plot("roc.svg", "ROC curves",
             f"{plots.describe(comparison)} The markers are the thresholds in use.",
             lambda: plots.roc_plot(comparison, predictions)),
        Plot("confusion.svg", "Confusion matrices",
             "Test films by truth and decision, each model at its own threshold. Percentages are "
             "of the true class.",
             lambda: plots.confusion_plot(comparison)),
    ]  # fmt: skip
    if any(model.get("cost") for model in comparison["models"]):
        found.append(
            Plot("cost.svg", "Accuracy against cost",
                 "AUC on test with its 95 % interval. Points of equal cost are moved a little "
                 "apart.",
                 lambda: plots.cost_plot(comparison))
        )  # fmt: skip
    return found


def _curves(run: Path, comparison: Mapping[str, Any]) -> list[Plot]:
    read = {m["name"]: curves.read_history(run / m["name"] / "history.csv")
            for m in comparison["models"]}  # fmt: skip
    histories = {name: history for name, history in read.items() if history is not None}
    if not histories:
        return []
    return [
        Plot("loss.svg", "Loss",
             "By epoch. A dotted line is where the head alone ends and the whole network begins. "
             "The distilled student's training loss has the teacher's part in it and compares "
             "with no other.",
             lambda: curves.loss_plot(histories)),
        Plot("validation.svg", "AUC and accuracy on validation",
             "By epoch. Accuracy is at a threshold of 0.5.",
             lambda: curves.score_plot(histories)),
    ]  # fmt: skip


def _sheets(
    main: Mapping[str, Any], p: Predictions, wrong: list[int], thumbnails: samples.Thumbnails
) -> list[Plot]:
    threshold = main["test"]["threshold"]
    explained = (
        f"The bar is the probability of {p.positive} by the {main['name']} model, the tick its "
        "threshold; blue frames are right, orange ones wrong."
    )
    found = [
        Plot("samples.png", "Drawn at random", explained,
             lambda: samples.sample_sheet(
                 p, samples.random_films(p, SAMPLE_SEED), threshold, thumbnails)),
    ]  # fmt: skip
    if wrong:
        found.append(
            Plot("mistakes.png", "Worst mistakes",
                 "The surest of its wrong calls: missed films first, then false alarms.",
                 lambda: samples.sample_sheet(p, wrong, threshold, thumbnails))
        )  # fmt: skip
    return found


def _draw(run: Path, wanted: list[Plot]) -> list[dict[str, str]]:
    """Draw each plot, save it under RUN/plots, and return what the template shows."""
    shown = []
    with bar() as progress:
        for plot in progress.track(wanted, description="drawing the report"):
            drawn = plot.draw()
            content = drawn.encode() if isinstance(drawn, str) else drawn
            atomic.write_with(run / "plots" / plot.file, _writer(content))
            shown.append({"title": plot.title, "caption": plot.caption, "uri": _data_uri(content)})
    return shown


def _writer(content: bytes) -> Callable[[Path], int]:
    return lambda path: path.write_bytes(content)


def _data_uri(content: bytes) -> str:
    kind = "image/png" if content.startswith(b"\x89PNG") else "image/svg+xml"
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _mistake(
    row: int, films: Predictions, predictions: Mapping[str, Predictions]
) -> dict[str, Any]:
    return {
        "path": films.path[row],
        "label": films.label[row],
        "probabilities": [float(p.probability[row]) for p in predictions.values()],
    }


def _optional(path: Path) -> Any:
    return read_json(path) if path.exists() else None


def _text(path: Path) -> str | None:
    return path.read_text("utf-8") if path.exists() else None
