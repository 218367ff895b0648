"""RUN/report.html: one file that needs nothing else, from the files of the run directory."""

import json
from collections.abc import Mapping
from pathlib import Path

from radistill.config import StudyConfig, read_config
from radistill.errors import UsageError
from radistill.explain.robustness import weakest
from radistill.files import write_text
from radistill.metrics.predictions import Predictions
from radistill.report import sentences, tables
from radistill.report.checklist import checklist
from radistill.report.figures import samples
from radistill.report.figures.pictures import data_uri, draw, report_drawings
from radistill.report.methods import known_of_run
from radistill.report.render import render
from radistill.report.summary import main_model, summary
from radistill.schema.comparison import Comparison, DatasetFacts
from radistill.schema.environment import Environment
from radistill.schema.record import read_record

# Keys of the audit that the report shows in other places.
REPEATED = {*DatasetFacts.model_fields} - {"unreadable"} | {"findings"}
LISTED = 10  # rows of a long list in the audit


def write_report(
    run: Path,
    comparison: Comparison,
    predictions: Mapping[str, Predictions],
    thumbnails: samples.Thumbnails | None,
    *,
    heat: samples.Thumbnails | None = None,
    out: Path | None = None,
) -> Path:
    """Write report.html and plots/ into `out` (the run if not given), return the report's path.

    predictions: on test, by model. thumbnails: path of a film -> grey uint8 (S, S); None leaves the
    sheets of films out. heat: path -> heat map (S, S) in [0, 1] of the main model. Audit, settings,
    environment and histories are shown where the run has them. Raises RadistillError if one of
    these is damaged.
    """
    out = out or run
    main = main_model(comparison)
    films = predictions[main.name]
    drawings = report_drawings(run, comparison, main, predictions, thumbnails, heat)
    settings, audit = _settings(run / "config.yaml"), _text(run / "audit.json")
    file, grid = run / "environment.json", run / "audit-grid.png"
    environment = read_record(Environment, file) if file.exists() else None
    values = known_of_run(comparison, settings, environment) | dict(
        banners=sentences.banners(comparison),
        summary=summary(comparison),
        figures=tables.cells(comparison.models, tables.ALL),
        costs=tables.cells(comparison.models, tables.COSTS),
        calibrated=[model for model in comparison.models if model.calibration],
        mistakes=[
            (films.path[row], films.label[row], [p.probability[row] for p in predictions.values()])
            for row in samples.worst_mistakes(films, main.test.threshold)
        ],
        checklist=checklist(comparison, settings, environment),
        plots=draw(out, drawings),
        heat=heat is not None,
        weakest=weakest(main.robustness) if main.robustness else None,
        config=_text(run / "config.yaml"),
        environment=environment.model_dump(exclude_unset=True) if environment else None,
        audit=json.loads(audit) if audit else {},
        grid=data_uri(grid.read_bytes()) if grid.exists() else None,
        listed=LISTED,
        repeated=REPEATED,
    )
    write_text(out / "report.html", render("report.html", values))
    return out / "report.html"


def _text(file: Path) -> str | None:
    return file.read_text("utf-8") if file.exists() else None


def _settings(file: Path) -> StudyConfig | None:
    """None where there are none, or none that mean the same in this version."""
    try:
        return read_config(file)
    except UsageError:
        return None
