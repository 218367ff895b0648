"""`radistill predict`: films to decisions, with a finished bundle."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from radistill.cli.options import BundleOption, with_options
from radistill.progress import console
from radistill.runtime.prediction_options import Precision, PredictionOptions, ResultFormat


@with_options(PredictionOptions)
def predict(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH...",
            help="Films, folders, globs, a CSV with a column 'path', or - for paths on stdin.",
        ),
    ],
    *,
    bundle: BundleOption = None,
    form: Annotated[
        ResultFormat | None,
        typer.Option("--format", help="By default table on a terminal, else by --out, else jsonl."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="A new file for the results.")] = None,
    resume: Annotated[
        bool, typer.Option(help="Go on with --out FILE.jsonl: keep the results it has.")
    ] = False,
    heatmaps: Annotated[
        Path | None, typer.Option(help="Folder for heat maps drawn over the films.")
    ] = None,
    precision: Annotated[
        Precision, typer.Option(help="auto: the smaller model where the bundle has one.")
    ] = "auto",
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes that decode; by default one a core.")
    ] = None,
    options: PredictionOptions,
) -> None:
    """Decide about films: positive, negative, or why there is none.

    For research and teaching, not a medical device. Exit status: 0 all files read, 1 some could
    not be, 2 wrong usage.

    Example: radistill predict films --heatmaps maps
    """
    from radistill.imaging.sandbox.intake import Intake
    from radistill.runtime.about import about, summary
    from radistill.runtime.decision import resolve
    from radistill.runtime.job import UNREADABLE, decoders, run_job
    from radistill.runtime.predictor import Predictor

    written = form or _usual(out)
    with Intake(workers=decoders(paths, workers)) as intake:  # starts while the model loads
        predictor = Predictor.load(bundle, precision=precision)
        settings = resolve(predictor.card, options, heatmaps)
        console.print(
            about(predictor.card, settings.threshold, predictor.bundle.file),
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
        counts = run_job(predictor, paths, settings, intake, form=written, out=out, resume=resume)
    console.print(summary(counts), markup=False, highlight=False)
    if counts[UNREADABLE]:
        raise typer.Exit(1)


def _usual(out: Path | None) -> ResultFormat:
    if out is not None:
        return "csv" if out.suffix.lower() == ".csv" else "jsonl"
    return "table" if sys.stdout is not None and sys.stdout.isatty() else "jsonl"
