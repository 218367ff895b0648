"""`radistill evaluate`: figures from predictions alone, or a trained model on other data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from radistill.cli.options import (
    Cost,
    Format,
    FormatOption,
    Positive,
    Sensitivity,
    Setting,
    Specificity,
    Threshold,
    rule_of,
    show,
)
from radistill.config import load_config
from radistill.data.manifest import SPLITS
from radistill.errors import UsageError
from radistill.progress import console


def evaluate(
    model: Annotated[
        Path,
        typer.Argument(
            help="A run, one of its model folders, a bundle, or a CSV of predictions.", exists=True
        ),
    ],
    data: Annotated[
        Path | None,
        typer.Option(
            help="Folder of X-rays by class, a CSV or a .npz. Without it, the figures are made "
            "anew from the predictions of the run."
        ),
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(help="CSV with path and label for the files in the data folder.")
    ] = None,
    image_column: Annotated[
        str | None, typer.Option(help="Column of the image's path or name.")
    ] = None,
    label_column: Annotated[str | None, typer.Option(help="Column of the label.")] = None,
    patient_column: Annotated[str | None, typer.Option(help="Column of the patient.")] = None,
    map_: Annotated[
        str | None,
        typer.Option("--map", help="Labels as classes: 'No Finding=normal,Pneumonia=pneumonia'."),
    ] = None,
    split: Annotated[
        str | None, typer.Option(help="Only this folder or split of the data: train, val or test.")
    ] = None,
    threshold: Threshold = None,
    sensitivity: Sensitivity = None,
    specificity: Specificity = None,
    cost: Cost = None,
    prevalence: Annotated[
        float | None, typer.Option(help="Give PPV and NPV for this share of disease too.")
    ] = None,
    positive: Positive = None,
    robustness: Annotated[
        bool, typer.Option("--robustness", help="Score damaged films too; some minutes.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="Folder for report.html, predictions and figures.")
    ] = None,
    form: FormatOption = Format.table,
    set_: Setting = None,
) -> None:
    """Say how good a model is, with intervals, on its own test films or on data it has not seen."""
    overrides = [f"evaluation.prevalence={prevalence}"] if prevalence is not None else []
    settings = load_config("quick", None, [*(set_ or []), *overrides])
    if split is not None and split not in SPLITS:
        raise UsageError(f"--split {split}: one of {', '.join(SPLITS)}")
    rule = rule_of(sensitivity, specificity, cost)
    if data is None and any((labels, split, image_column, label_column, patient_column, map_)):
        raise UsageError("--labels, --split, --map and columns describe the films of --data")
    if data is None:
        from radistill.study.refresh import review_run

        result = review_run(
            model, settings, positive=positive, threshold=threshold, rule=rule, out=out,
            robust=robustness,
        )  # fmt: skip
    else:
        from radistill.data.external_data import Given, layout_of
        from radistill.study.external import evaluate_model

        layout = layout_of(image_column, label_column, patient_column, map_)
        given = Given(labels, layout, split, threshold, rule)
        result = evaluate_model(model, data, settings, given, out=out, robust=robustness)
    show(result, form)
    for note in result["dataset"].get("notes", []):
        console.print(f"note: {note}", markup=False)
    if out is not None:
        console.print(f"report: {out / 'report.html'}", markup=False)
    if unreadable := result["dataset"].get("unreadable"):
        console.print(f"{unreadable} files could not be read and were left out")
        raise typer.Exit(1)
