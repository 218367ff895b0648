"""`radistill evaluate`: figures from predictions alone, or a trained model on other data."""

from pathlib import Path
from typing import Annotated

import typer

from radistill.cli.options import ComparisonOptions, TableOptions, show, with_options
from radistill.data.manifest import SPLITS
from radistill.data.sources.source import SPLIT_NAMES
from radistill.errors import UsageError, counted
from radistill.progress import console


class EvaluationOptions(ComparisonOptions, TableOptions):
    """Of the comparison, and of the table of films."""


@with_options(EvaluationOptions)
def evaluate(
    model: Annotated[
        str,
        typer.Argument(
            help="A run, one of its model folders, a CSV of predictions, a bundle, or the name of "
            "an installed bundle."
        ),
    ],
    *,
    data: Annotated[
        Path | None,
        typer.Option(
            help="Folder of X-rays by class, a CSV or a .npz. Without it, the figures are made "
            "anew from the predictions of the run."
        ),
    ] = None,
    split: Annotated[
        str | None, typer.Option(help="Only this folder or split of the data: train, val or test.")
    ] = None,
    prevalence: Annotated[
        float | None, typer.Option(help="Give PPV and NPV for this share of disease too.")
    ] = None,
    robustness: Annotated[
        bool, typer.Option("--robustness", help="Score corrupted films too; some minutes.")
    ] = False,
    keep_seen: Annotated[
        bool,
        typer.Option(
            help="Score films of --data too that the model was trained or chosen on; the report "
            "says so."
        ),
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="Folder for report.html, predictions and figures.")
    ] = None,
    options: EvaluationOptions,
) -> None:
    """Say how good a model is, on its own test films or on other data.

    Every figure has a 95 % interval.

    Example: radistill evaluate pneumonia-children --data xrays --out report
    """
    extra = [f"evaluation.prevalence={prevalence}"] if prevalence is not None else []
    rule = options.rule
    chosen = SPLIT_NAMES.get(split.lower(), "") if split is not None else None
    if chosen == "":
        raise UsageError(f"--split {split}: one of {', '.join(SPLITS)}")
    if data is None and (options.labels or split or options.columns):
        raise UsageError("--labels, --split, --map and columns describe the films of --data")
    if data is None and keep_seen:
        raise UsageError("--keep-seen is about the films of --data")
    from radistill.study.scorer import find_model

    named = find_model(model)
    settings = options.settings([named], *extra)
    if data is None:
        from radistill.study.refresh import refresh_run

        result = refresh_run(
            named,
            settings,
            positive=options.positive,
            threshold=options.threshold,
            rule=rule,
            out=out,
            robust=robustness,
        )
    else:
        from radistill.data.external_data import ExternalData
        from radistill.study.external import evaluate_model

        result = evaluate_model(
            named,
            ExternalData(data, options.labels, options.columns, chosen),
            settings,
            threshold=options.threshold,
            rule=rule,
            out=out,
            robust=robustness,
            keep_seen=keep_seen,
        )
    show(result, options.form)
    for note in result.dataset.notes:
        console.print(f"note: {note}", markup=False)
    if out is not None:
        console.print(f"report: {out / 'report.html'}", markup=False)
    if result.dataset.unreadable:
        files = counted(result.dataset.unreadable, "file")
        console.print(f"{files} could not be read; left out")
        raise typer.Exit(1)
