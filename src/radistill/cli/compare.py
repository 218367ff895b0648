"""`radistill compare`: models across runs and across files of predictions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from radistill.cli.options import Format, rule_of, show
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
    positive: Annotated[
        str | None, typer.Option(help="The positive class of CSVs, where its name does not tell.")
    ] = None,
    threshold: Annotated[
        float | None, typer.Option(min=0, max=1, help="For all, instead of each one's own.")
    ] = None,
    sensitivity: Annotated[
        float | None, typer.Option(min=0, max=1, help="Threshold: this sensitivity on validation.")
    ] = None,
    specificity: Annotated[
        float | None, typer.Option(min=0, max=1, help="Threshold: this specificity on validation.")
    ] = None,
    cost: Annotated[
        float | None, typer.Option(min=0, help="Threshold: a miss costs so many false alarms.")
    ] = None,
    margin: Annotated[
        float | None, typer.Option(min=0.0001, max=0.5, help="Of AUC, for non-inferiority.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the bootstrap.")] = 0,
    form: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.table,
    json_: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="One setting: evaluation.bootstrap=500. Repeatable."),
    ] = None,
) -> None:
    """Compare models on the same films: intervals, DeLong, McNemar, non-inferiority, Holm."""
    overrides = [*(set_ or []), *([f"evaluation.margin={margin}"] if margin is not None else [])]
    settings = load_config("quick", None, overrides)
    rule = rule_of(sensitivity, specificity, cost)
    from radistill.evaluation.review import review

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
