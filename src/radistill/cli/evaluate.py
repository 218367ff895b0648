"""`radistill evaluate`: a trained model on other data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from radistill.config import load_config
from radistill.data.manifest import SPLITS
from radistill.errors import UsageError
from radistill.progress import console


def evaluate(
    model: Annotated[
        Path, typer.Argument(help="A run, one of its model folders, or a bundle.", exists=True)
    ],
    data: Annotated[Path, typer.Option(help="Folder of X-rays by class, a CSV or a .npz.")],
    labels: Annotated[
        Path | None, typer.Option(help="CSV with path and label for the files in the data folder.")
    ] = None,
    split: Annotated[
        str | None, typer.Option(help="Only this folder or split of the data: train, val or test.")
    ] = None,
    threshold: Annotated[
        float | None, typer.Option(min=0, max=1, help="Instead of the model's own.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for predictions.csv and metrics.json.")
    ] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="One setting: data.positive=TB. Repeatable.")
    ] = None,
) -> None:
    """Score a trained model on data it has not seen, with its own threshold."""
    settings = load_config("quick", None, set_)
    if split is not None and split not in SPLITS:
        raise UsageError(f"--split {split}: one of {', '.join(SPLITS)}")
    from radistill.evaluation.table import print_table
    from radistill.external import evaluate_model

    result = evaluate_model(
        model, data, settings, labels=labels, split=split, threshold=threshold, out=out
    )
    print_table(result, Console())
    if out is not None:
        console.print(f"predictions and figures: {out}", markup=False)
    if result["dataset"]["unreadable"]:
        console.print(
            f"{result['dataset']['unreadable']} files could not be read and were left out"
        )
        raise typer.Exit(1)
