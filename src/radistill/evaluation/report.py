"""RUN/report.html: one file that needs nothing else, from the files of the run directory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from radistill import __version__, atomic
from radistill.evaluation import samples, table, words
from radistill.evaluation.compare import read_json
from radistill.evaluation.pictures import data_uri, draw, film_pictures, plot_pictures
from radistill.evaluation.predictions import Predictions, read_predictions
from radistill.evaluation.style import look
from radistill.evaluation.summary import main_model, summary

# Keys of the audit that stand elsewhere in the report.
REPEATED = ("name", "protocol", "synthetic", "leaking", "classes", "positive", "counts", "notes",
            "findings")  # fmt: skip
LISTED = 10  # rows of a long list in the audit


def write_report(run: Path, thumbnails: samples.Thumbnails | None) -> Path:
    """Write RUN/report.html and RUN/plots/, return the path of the report.

    thumbnails: path of a film -> grey uint8 (S, S); None leaves the sheets of films out. Needs
    comparison.json and the predictions; the audit, the settings, the environment and the
    histories are shown where they are there. Raises RadistillError if a file is missing or
    damaged, UsageError if that is a CSV of predictions.
    """
    comparison = read_json(run / "comparison.json")
    positive = str(comparison["dataset"]["positive"])
    predictions = {
        model["name"]: read_predictions(run / model["name"] / "predictions.csv", positive)
        for model in comparison["models"]
    }
    main = main_model(comparison)
    name, threshold = main["name"], main["test"]["threshold"]
    wrong = samples.worst_mistakes(predictions[name], threshold)
    wanted = plot_pictures(run, comparison, predictions)
    plots = len(wanted)
    if thumbnails is not None:
        wanted += film_pictures(name, predictions[name], threshold, wrong, thumbnails)
    pictures = draw(run, wanted)
    page = _template().render(
        comparison=comparison,
        banners=words.banners(comparison),
        summary=summary(comparison),
        figures=table.cells(comparison, table.FIGURES),
        costs=table.cells(comparison, table.COSTS),
        main=name,
        plots=pictures[:plots],
        sheets=pictures[plots:],
        mistakes=[_mistake(row, predictions[name], predictions) for row in wrong],
        **_attachments(run),
    )
    atomic.write_text(run / "report.html", page)
    return run / "report.html"


def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("radistill.evaluation"),
        autoescape=True,  # class names and paths come from the data folder
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "look": look,
        "words": words,
        "listed": LISTED,
        "repeated": REPEATED,
        "version": __version__,
    }
    return environment.get_template("report.html")


def _mistake(
    row: int, films: Predictions, predictions: Mapping[str, Predictions]
) -> dict[str, Any]:
    """One film that was called wrongly, with what every model said of it."""
    return {
        "path": films.path[row],
        "label": films.label[row],
        "probabilities": [float(p.probability[row]) for p in predictions.values()],
    }


def _attachments(run: Path) -> dict[str, Any]:
    """What the stages before the comparison left in the run directory, None where they did not."""
    grid, config = run / "audit-grid.png", run / "config.yaml"
    return {
        "audit": _json(run / "audit.json"),
        "environment": _json(run / "environment.json"),
        "grid": data_uri(grid.read_bytes()) if grid.exists() else None,
        "config": config.read_text("utf-8") if config.exists() else None,
    }


def _json(path: Path) -> Any:
    return read_json(path) if path.exists() else None
