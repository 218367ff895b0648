"""`radistill adapt`: a bundle on the films of a site."""

from pathlib import Path
from typing import Annotated

import typer

from radistill.cli.options import TableOptions, with_options
from radistill.progress import console

NO_GAIN = 3  # exit status


@with_options(TableOptions)
def adapt(
    model: Annotated[
        str, typer.Argument(help="A bundle, a run, or the name of an installed bundle.")
    ],
    *,
    data: Annotated[
        Path, typer.Option(help="The site's films: a folder by class, a CSV, or with --labels.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for the report and the new bundle.")],
    site: Annotated[
        str | None, typer.Option(help="A name for the site, on the card and in the report.")
    ] = None,
    rule: Annotated[
        str,
        typer.Option(
            "--threshold", help="How a threshold is chosen: youden, sensitivity=0.95, fixed=0.5"
        ),
    ] = "youden",
    finetune: Annotated[
        bool,
        typer.Option("--finetune", help="Try to train the network, too; needs radistill[train]."),
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Of the folds and the resampling.")] = 0,
    options: TableOptions,
) -> None:
    """Adapt a model to your hospital, if that is shown to help.

    Takes a few hundred labelled films. Tries a threshold, a calibration, a new linear head and with
    --finetune the network itself, from the least change to the greatest, and judges each on
    patients that it has not seen. Without a shown gain there is a report but no bundle, and the
    exit status is 3.

    Example: radistill adapt pneumonia-children --data films --out adapted
    """
    from radistill.adapt.local_adaptation import adapt_model, records_of
    from radistill.config import load_evaluation
    from radistill.data.external_data import ExternalData

    rule = load_evaluation(None, [f"evaluation.threshold={rule}"]).evaluation.threshold
    films = ExternalData(data, options.labels, options.columns)
    outcome = adapt_model(model, films, out, site=site, rule=rule, seed=seed, finetune=finetune)
    from radistill.adapt.adaptation_report import summary  # brings matplotlib

    for sentence in summary(outcome):
        typer.echo(sentence)
    for note in outcome.notes:
        console.print(f"note: {note}", markup=False)
    console.print(f"report, with films: {records_of(out) / 'report.html'}", markup=False)
    if not outcome.gained:
        raise typer.Exit(NO_GAIN)
