"""`radistill run`: the whole study."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from radistill.cli.options import INTERRUPTED, TableOptions, with_options
from radistill.config import load_config, presets, to_yaml
from radistill.errors import UsageError
from radistill.progress import console


@with_options(TableOptions)
def run(
    *,
    data: Annotated[
        Path | None,
        typer.Option(
            help="Required: folder of X-rays by class, a CSV (path,label,...) or a MedMNIST .npz."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Required: run directory; an unfinished run in it is resumed."),
    ] = None,
    unlabelled: Annotated[
        list[Path] | None,
        typer.Option(help="Folder of X-rays without labels, for the teacher to label. Repeatable."),
    ] = None,
    preset: Annotated[str, typer.Option(help=f"One of: {', '.join(presets())}.")] = "quick",
    config: Annotated[
        Path | None, typer.Option(help="YAML with settings over the preset's.")
    ] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="One setting: teacher.epochs=5. Repeatable.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the split and of training.")] = None,
    allow_leak: Annotated[
        bool,
        typer.Option(help="Allow a patient or film in both train and test; the report says so."),
    ] = False,
    update: Annotated[
        bool, typer.Option(help="Go on in a run made with other settings or films.")
    ] = False,
    show_config: Annotated[
        bool, typer.Option(help="Print the whole configuration and stop; needs no films.")
    ] = False,
    options: TableOptions,
) -> None:
    """Train models on your X-rays, compare them, and write a report.

    Baseline, teacher, student alone and distilled student, on held-out patients. The same command
    goes on after a break.

    Example: radistill run --data xrays --out runs/first
    """
    overrides = [*(set_ or []), *(["data.allow_leak=true"] if allow_leak else [])]
    settings = load_config(preset, config, overrides, seed)
    if show_config:
        typer.echo(to_yaml(settings), nl=False)
        return
    if data is None or out is None:
        raise UsageError("run: give the films and a folder: --data xrays --out runs/first")
    from radistill.export.model_card import file_figures
    from radistill.report.tables import print_table
    from radistill.schema.card import CARD, read_card
    from radistill.study.run import run_study

    try:
        comparison = run_study(
            data,
            out,
            settings,
            labels=options.labels,
            columns=options.columns,
            unlabelled=unlabelled or (),
            update=update,
        )
    except KeyboardInterrupt:
        console.print("interrupted; what is finished is kept: the same command goes on from there")
        raise typer.Exit(INTERRUPTED) from None
    print_table(comparison, Console())
    console.print(f"report: {out / 'report.html'}", markup=False)
    if (out / "bundle").exists():
        console.print("The figures above are of networks in float32; of the files in the bundle:")
        for line in file_figures(read_card(out / "bundle" / CARD)):
            console.print(line, markup=False)
        console.print(f"bundle: {out / 'bundle'}", markup=False)
    elif any(model.shortfalls for model in comparison.models):
        console.print(
            "bundle: not made, since the student should not be used. `radistill bundle "
            f"{out}/MODEL` packs another model of the run, `radistill bundle {out} --anyway` "
            "the student.",
            markup=False,
        )
    else:
        console.print(f"bundle: deleted; `radistill bundle {out}` makes it anew", markup=False)
