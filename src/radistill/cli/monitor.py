"""`radistill monitor`: results of predictions, by week, against the model's card."""

from pathlib import Path
from typing import Annotated

import typer
from pydantic import Field

from radistill.cli.options import TableOptions, with_options
from radistill.errors import UsageError
from radistill.progress import console

ALARM = 4  # exit status


class SampleOptions(TableOptions):
    """The films of the ledgers that have a label."""

    labels: Path | None = Field(
        None, description="CSV of paths and labels of a sample: how good is it?"
    )


@with_options(SampleOptions)
def monitor(
    ledgers: Annotated[
        list[Path],
        typer.Argument(
            metavar="LEDGER...",
            help="Results of radistill predict (JSON lines, CSV), of a node or an archive (a "
            "folder, Parquet).",
        ),
    ],
    *,
    reference: Annotated[
        str, typer.Option(help="The bundle that predicted: a folder, a run or an installed name.")
    ],
    baseline: Annotated[
        int, typer.Option(min=0, help="Compare with the first N weeks instead of the card.")
    ] = 0,
    false_alarms: Annotated[
        float,
        typer.Option(min=0.0001, max=0.5, help="Chance of an alarm in a week without a change."),
    ] = 0.01,
    times: Annotated[
        Path | None, typer.Option(help="CSV of paths and times, for results without.")
    ] = None,
    time_column: Annotated[str, typer.Option(help="Column of the time in --times.")] = "time",
    out: Annotated[Path | None, typer.Option(help="Folder for monitor.html and plots.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the intervals.")] = 0,
    options: SampleOptions,
) -> None:
    """Say whether something changed since the model was made.

    Week by week, with a stated rate of false alarms. It does not say how good the model is. Exit
    status: 0 no alarm, 4 an alarm, 2 wrong usage.

    Example: radistill monitor results.jsonl --reference pneumonia-children
    """
    labels = options.labels
    if labels is None and any((options.label_column, options.patient_column, options.map_)):
        raise UsageError("--label-column, --patient-column and --map describe --labels")
    from rich.console import Console

    from radistill.adapt.ledgers import read_ledgers
    from radistill.adapt.monitor_page import print_monitor, write_page
    from radistill.adapt.sample_labels import sample_performance, with_times
    from radistill.adapt.watch import watch
    from radistill.data.sources.table import FilmColumns
    from radistill.runtime.find_bundle import find_bundle
    from radistill.schema.card import CARD, read_card

    folder = find_bundle(reference)
    card = read_card(folder / CARD)
    contents = read_ledgers(ledgers, card, folder)
    card = card.of(next(name for name in card.files if card.files[name] == contents.model.sha256))
    if times is not None:
        contents = with_times(contents, times, options.image_column or "path", time_column)
    performance = None
    if labels is not None:
        columns = options.columns or FilmColumns()
        performance = sample_performance(contents, card, labels, columns, seed)
    figures = watch(
        contents, card, baseline=baseline, false_alarms=false_alarms, performance=performance
    )
    if as_json:
        typer.echo(figures.model_dump_json(indent=2))
    else:
        print_monitor(figures, Console())
    if out is not None:
        console.print(f"page: {write_page(out, figures)}", markup=False)
    if figures.alarms:
        raise typer.Exit(ALARM)
