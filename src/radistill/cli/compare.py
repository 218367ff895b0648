"""`radistill compare`: models across runs and across files of predictions."""

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


def compare(
    sources: Annotated[
        list[Path],
        typer.Argument(help="Runs, model folders of runs, or CSVs of predictions.", exists=True),
    ],
    model: Annotated[
        list[str] | None, typer.Option(help="Only this model of each run. Repeatable.")
    ] = None,
    intersection: Annotated[
        bool, typer.Option(help="Compare on the films that all have, where they differ.")
    ] = False,
    positive: Positive = None,
    threshold: Threshold = None,
    sensitivity: Sensitivity = None,
    specificity: Specificity = None,
    cost: Cost = None,
    margin: Annotated[
        float | None, typer.Option(min=0.0001, max=0.5, help="Of AUC, for non-inferiority.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the bootstrap.")] = 0,
    form: FormatOption = Format.table,
    json_: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    set_: Setting = None,
) -> None:
    """Compare models on the same films: intervals, DeLong, McNemar, non-inferiority, Holm."""
    overrides = [*(set_ or []), *([f"evaluation.margin={margin}"] if margin is not None else [])]
    settings = load_config("quick", None, overrides)
    rule = rule_of(sensitivity, specificity, cost)
    from radistill.study.rescore import review

    comparison = review(
        sources,
        settings.evaluation,
        seed,
        positive=positive,
        models=model or (),
        intersect=intersection,
        threshold=threshold,
        rule=rule,
    )
    show(comparison, Format.json if json_ else form)
