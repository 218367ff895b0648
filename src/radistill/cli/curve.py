"""`radistill curve`: how many labels a student needs, alone and distilled."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from radistill.cli.options import INTERRUPTED, TableOptions, with_options
from radistill.config import load_config, presets
from radistill.progress import console

PRESET = "few-labels"
FRACTIONS, SEEDS = "0.02,0.05,0.25,1", "5,5,2,2"
OWN_SEEDS = "2"  # of fractions that the user names
QUICK_FRACTIONS, QUICK_SEEDS = "0.02,0.05,0.25", "1"
# Over the preset: films so coarse, and so few steps, that two cores do with a quarter of an hour.
QUICK = [
    "teacher.input_size=32",
    "student.input_size=32",
    "student.epochs=4",
    "teacher.members=[]",
    "distill.views=4",
]


@with_options(TableOptions)
def curve(
    *,
    data: Annotated[
        Path,
        typer.Option(help="Folder of X-rays by class, a CSV (path,label,...) or a MedMNIST .npz."),
    ],
    out: Annotated[Path, typer.Option(help="Folder of the curve; an unfinished one goes on.")],
    fractions: Annotated[
        str | None,
        typer.Option(help=f"Shares of the patients whose labels are used. [default: {FRACTIONS}]"),
    ] = None,
    seeds: Annotated[
        str | None,
        typer.Option(
            help=f"How many at each share, or one number for all. [default: {SEEDS}; "
            f"{OWN_SEEDS} with --fractions]"
        ),
    ] = None,
    arms: Annotated[
        str,
        typer.Option(
            help="Student alone, distilled on the labelled films, distilled on all films."
        ),
    ] = "alone,labelled,all",
    auc: Annotated[
        str, typer.Option(help="AUCs that the patients needed are given for, such as 0.95,0.97.")
    ] = "",
    quick: Annotated[
        bool,
        typer.Option(
            help=f"A first look: shares {QUICK_FRACTIONS}, one seed, coarse films, few steps."
        ),
    ] = False,
    unlabelled: Annotated[
        list[Path] | None,
        typer.Option(help="Folder of further films without labels. Repeatable."),
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option(
            help=f"One of: {', '.join(presets())}. [default: {PRESET}, on classes, not subtypes]"
        ),
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="YAML with settings over the preset's.")
    ] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="One setting: teacher.epochs=5. Repeatable.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the split, and the first seed.")] = None,
    options: TableOptions,
) -> None:
    """Say how many labels a student needs, alone and distilled.

    Trains students with ever more labels.
    Labels are those of a share of the patients of training and validation; all other films there
    count as films without labels. The test films are the same for all.

    Example: radistill curve --data xrays --out curve --quick
    """
    overrides = [] if preset or config else ["data.targets=label"]
    overrides += [*(QUICK if quick else []), *(set_ or [])]
    settings = load_config(preset or PRESET, config, overrides, seed)
    from radistill.report.curve_page import print_curve
    from radistill.study.curve_plan import read_plan
    from radistill.study.learning_curve import run_curve

    plan = read_plan(
        fractions or (QUICK_FRACTIONS if quick else FRACTIONS),
        seeds or (QUICK_SEEDS if quick else OWN_SEEDS if fractions else SEEDS),
        arms,
        auc,
    )
    try:
        result = run_curve(
            data,
            out,
            settings,
            plan,
            labels=options.labels,
            columns=options.columns,
            unlabelled=unlabelled or (),
        )
    except KeyboardInterrupt:
        console.print("interrupted; what is finished is kept: the same command goes on from there")
        raise typer.Exit(INTERRUPTED) from None
    print_curve(result, Console())
    console.print(f"page: {out / 'curve.html'}", markup=False)
