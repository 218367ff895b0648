"""`radistill predict`: films to decisions, with a finished bundle."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from radistill.progress import console


class Form(StrEnum):
    table = "table"
    jsonl = "jsonl"
    csv = "csv"


class Precision(StrEnum):
    auto = "auto"
    float32 = "float32"


def predict(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH...",
            help="Films, folders, globs, a CSV with a column 'path', or - for paths on stdin.",
        ),
    ],
    bundle: Annotated[
        Path | None,
        typer.Option(help="The model: RUN/bundle. Else $RADISTILL_BUNDLE, else the one installed."),
    ] = None,
    form: Annotated[
        Form | None,
        typer.Option("--format", help="By default table on a terminal, else by --out, else jsonl."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="A new file for the results.")] = None,
    resume: Annotated[
        bool, typer.Option(help="Go on with --out FILE.jsonl, leaving out what stands there.")
    ] = False,
    heatmaps: Annotated[
        Path | None, typer.Option(help="Folder for overlays that show where the model looked.")
    ] = None,
    threshold: Annotated[
        float | None, typer.Option(min=0, max=1, help="Instead of the model's own.")
    ] = None,
    sensitivity: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Take the card's operating point: 0.90, 0.95, 0.99."),
    ] = None,
    band: Annotated[
        float, typer.Option(min=0, max=1, help="Abstain this near to the threshold.")
    ] = 0.0,
    any_population: Annotated[
        bool, typer.Option(help="Do not check DICOM age, body part, view and modality.")
    ] = False,
    precision: Annotated[
        Precision, typer.Option(help="auto: the smaller model where the bundle has one.")
    ] = Precision.auto,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes that decode; by default one a core.")
    ] = None,
) -> None:
    """Say of each film whether it is positive, or why the model does not answer.

    For research and teaching, not a medical device. Exit status: 0 all files read, 1 some could
    not be, 2 wrong usage.
    """
    from radistill.imaging.sandbox.intake import Intake
    from radistill.runtime.about import about, summary
    from radistill.runtime.job import UNREADABLE, decoders, run_job
    from radistill.runtime.predictor import Predictor

    written = form or _usual(out)
    with Intake(workers=decoders(paths, workers)) as intake:  # starts while the model loads
        predictor = Predictor.load(bundle, precision=precision.value)
        settings = predictor.settings(
            threshold=threshold,
            sensitivity=sensitivity,
            band=band,
            heatmaps=heatmaps,
            any_population=any_population,
        )
        said = about(predictor.card, settings.threshold)
        console.print(said, markup=False, highlight=False, soft_wrap=True)
        counts = run_job(
            predictor, paths, settings, intake, form=written.value, out=out, resume=resume
        )
    console.print(summary(counts), markup=False, highlight=False)
    if counts[UNREADABLE]:
        raise typer.Exit(1)


def _usual(out: Path | None) -> Form:
    if out is not None:
        return Form.csv if out.suffix.lower() == ".csv" else Form.jsonl
    return Form.table if sys.stdout.isatty() else Form.jsonl
