"""`radistill data`: inspect a data set before training on it."""

from pathlib import Path
from typing import Annotated

import typer

from radistill.cli import data_make
from radistill.cli.options import TableOptions, with_options
from radistill.config import load_config
from radistill.progress import console

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True)


@app.callback()
def group() -> None:
    """Inspect, make or get data sets.

    Example: radistill data inspect xrays
    """


@app.command("inspect")
@with_options(TableOptions)
def inspect(
    data: Annotated[
        Path,
        typer.Argument(help="Folder of X-rays by class, a CSV (path,label,...) or MedMNIST .npz."),
    ],
    *,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="One setting: data.protocol=patient. Repeatable."),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the split.")] = None,
    allow_leak: Annotated[
        bool, typer.Option(help="Go on though a patient or a film is in train and test.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Folder for audit.json and audit.html.")] = None,
    options: TableOptions,
) -> None:
    """Count films and patients, and find what is wrong with them.

    Unreadable files, duplicates, and leaks between splits. Exit status: 0 all files read, 1 some
    are unreadable, 2 the data set cannot be used.

    Example: radistill data inspect xrays --out audit
    """
    overrides = [*(set_ or []), *(["data.allow_leak=true"] if allow_leak else [])]
    config = load_config("quick", None, overrides, seed)
    from radistill.data import load_dataset
    from radistill.data.audit import audit, render, sample_grid, write_page
    from radistill.schema.record import write_record

    dataset = load_dataset(data, config.data, config.seed, options.labels, columns=options.columns)
    result = audit(dataset)
    render(result)
    if out is not None:
        write_record(out / "audit.json", result)
        write_page(out / "audit.html", result, sample_grid(dataset, 24))
        console.print(f"page: {out / 'audit.html'}", markup=False)
    if dataset.unreadable:
        raise typer.Exit(1)


data_make.register(app)
