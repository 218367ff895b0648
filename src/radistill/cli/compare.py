"""`radistill compare`: models across runs and across files of predictions."""

from pathlib import Path
from typing import Annotated

import typer

from radistill.cli.options import ComparisonOptions, show, with_options


@with_options(ComparisonOptions)
def compare(
    sources: Annotated[
        list[Path],
        typer.Argument(help="Runs, model folders of runs, or CSVs of predictions.", exists=True),
    ],
    *,
    model: Annotated[
        list[str] | None, typer.Option(help="Only this model of each run. Repeatable.")
    ] = None,
    intersection: Annotated[
        bool, typer.Option(help="Compare on the films that all have, where they differ.")
    ] = False,
    margin: Annotated[
        float | None,
        typer.Option(
            min=0.0001,
            max=0.5,
            help="Of AUC, for non-inferiority; the runs' own, 0.02 if they set none.",
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Seed of the bootstrap, instead of the runs'.")
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    options: ComparisonOptions,
) -> None:
    """Compare models on the same films.

    Paired intervals, DeLong's and McNemar's tests, non-inferiority, Holm's correction.

    Example: radistill compare runs/first runs/second
    """
    extra = [f"evaluation.margin={margin}"] if margin is not None else []
    settings = options.settings(sources, *extra)
    rule = options.rule
    from radistill.study.prediction_files import open_sources
    from radistill.study.rescore import rescore

    comparison = rescore(
        open_sources(sources, options.positive, model or ()),
        settings.evaluation,
        settings.seed if seed is None else seed,
        intersect=intersection,
        threshold=options.threshold,
        rule=rule,
    )
    show(comparison, "json" if json_ else options.form)
