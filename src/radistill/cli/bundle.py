"""`radistill bundle`: make the deployable folder of a finished run again."""

from pathlib import Path
from typing import Annotated

import typer

from radistill.progress import console


def bundle(
    run: Annotated[
        Path,
        typer.Argument(
            help="A finished run, or one of its model folders.", exists=True, file_okay=False
        ),
    ],
    population: Annotated[
        str | None, typer.Option(help="Whom the model knows, in words: 'adults of one hospital'.")
    ] = None,
    ages: Annotated[
        str | None, typer.Option(help="Their ages in years, such as 18-90, checked at use.")
    ] = None,
    anyway: Annotated[
        bool, typer.Option(help="Also of a model that learnt nothing or less than a simpler one.")
    ] = False,
) -> None:
    """Make the folder to deploy of a finished run again: RUN/bundle.

    Of the run's student, or of the model named. Abstention is fitted to its validation films.

    Example: radistill bundle runs/first
    """
    from radistill.export.model_card import file_figures
    from radistill.study.bundle import bundle_run, parse_population, run_and_model

    run, name = run_and_model(run)
    known = parse_population(population, ages)
    card = bundle_run(run, name, population=known, anyway=anyway)
    for reason in card.figures.shortfalls if card.figures else ():
        console.print(f"warning: {reason}", markup=False)
    console.print(f"bundle: {run / 'bundle'}", markup=False)
    console.print(
        f"smaller file: {card.quantisation.kind} ({card.quantisation.reason})",
        markup=False,
    )
    for line in file_figures(card):
        console.print(line, markup=False)
