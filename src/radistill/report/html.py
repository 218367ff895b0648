"""RUN/report.html: one file that needs nothing else, from the files of the run directory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from radistill.config import StudyConfig, read_config
from radistill.errors import UsageError
from radistill.files import write_text
from radistill.metrics.predictions import Predictions, read_predictions
from radistill.report import sentences, tables
from radistill.report.checklist import checklist
from radistill.report.figures import samples
from radistill.report.figures.pictures import (
    data_uri,
    draw,
    failure_pictures,
    film_pictures,
    plot_pictures,
    shift_pictures,
    tuned_pictures,
)
from radistill.report.methods import methods
from radistill.report.render import render
from radistill.report.side_by_side import read_json
from radistill.report.summary import main_model, summary

# Keys of the audit that stand elsewhere in the report.
REPEATED = ("name", "protocol", "synthetic", "leaking", "classes", "positive", "counts", "notes",
            "findings")  # fmt: skip
LISTED = 10  # rows of a long list in the audit


def write_report(
    run: Path,
    thumbnails: samples.Thumbnails | None,
    *,
    heat: samples.Thumbnails | None = None,
    out: Path | None = None,
) -> Path:
    """Write report.html and plots/ into `out` (the run if not given), return the report's path.

    thumbnails: path of a film -> grey uint8 (S, S); None leaves the sheets of films out. heat:
    path -> heat map (S, S) in [0, 1] of the main model. Needs out/comparison.json and the run's
    predictions; the audit, the settings, the environment and the histories are shown where they are
    there. Raises RadistillError if a file is missing or damaged, UsageError if that is a CSV of
    predictions.
    """
    out = out or run
    comparison = read_json(out / "comparison.json")
    positive = str(comparison["dataset"]["positive"])
    predictions = {
        model["name"]: read_predictions(_predictions_of(run, model["name"]), positive)
        for model in comparison["models"]
    }
    main = main_model(comparison)
    name, threshold = main["name"], main["test"]["threshold"]
    wrong = samples.worst_mistakes(predictions[name], threshold)
    parts = {
        "plots": plot_pictures(run, comparison, predictions),
        "tuned": tuned_pictures(comparison, predictions),
        "failing": failure_pictures(main),
        "shifted": shift_pictures(comparison, predictions[name]),
        "sheets": film_pictures(name, predictions[name], threshold, wrong, thumbnails, heat)
        if thumbnails is not None
        else [],
    }
    drawn = iter(draw(out, [picture for part in parts.values() for picture in part]))
    shown = {key: [next(drawn) for _ in part] for key, part in parts.items()}
    attached = _attachments(run)
    settings = _settings(run / "config.yaml")
    values = dict(
        comparison=comparison,
        banners=sentences.banners(comparison),
        summary=summary(comparison),
        figures=tables.cells(comparison, tables.ALL),
        costs=tables.cells(comparison, tables.COSTS),
        main=name,
        main_model=main,
        external=comparison.get("external"),
        calibrated=[m for m in comparison["models"] if m.get("calibration")],
        mistakes=[_mistake(row, predictions[name], predictions) for row in wrong],
        methods=methods(comparison, settings),
        checklist=checklist(comparison, settings, attached["environment"]),
        **shown,
        **attached,
        listed=LISTED,
        repeated=REPEATED,
    )
    write_text(out / "report.html", render("report.html", values))
    return out / "report.html"


def _predictions_of(run: Path, model: str) -> Path:
    """In the model's folder of a run, or in the folder itself where that is of one model."""
    inner = run / model / "predictions.csv"
    alone = run / "predictions.csv"
    return run if run.is_file() else alone if alone.exists() and not inner.exists() else inner


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


def _settings(file: Path) -> StudyConfig | None:
    """None where there are none, or none that mean the same in this version."""
    try:
        return read_config(file)
    except UsageError:
        return None


def _json(path: Path) -> Any:
    return read_json(path) if path.exists() else None
