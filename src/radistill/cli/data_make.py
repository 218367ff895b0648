"""`radistill data phantom` and `radistill data fetch`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from radistill.progress import console


class PublicSet(StrEnum):
    """The public sets that can be fetched."""

    kaggle = "kaggle"
    medmnist = "medmnist"


def register(app: typer.Typer) -> None:
    """Add the commands that make or get a data set to `radistill data`."""
    app.command("phantom")(phantom)
    app.command("fetch")(fetch)


def phantom(
    out: Annotated[Path, typer.Argument(help="Folder for the set; new, empty or a phantom set.")],
    n: Annotated[int, typer.Option("--n", help="Films in all, a quarter of them for test.")] = 800,
    seed: Annotated[int, typer.Option(help="The same seed gives the same films.")] = 0,
    size: Annotated[int, typer.Option(help="Pixels a side.")] = 256,
) -> None:
    """Make synthetic chest radiographs, to try things without patients.

    The true opacities lie as masks beside them.

    Example: radistill data phantom phantoms --n 400
    """
    from radistill.phantoms import generate

    generate(out, n, seed, size)
    console.print(
        f"{n} synthetic films in {out} (seed {seed}, true opacities in {out / 'masks'}); "
        "no patient's.",
        markup=False,
    )


def fetch(
    source: Annotated[
        PublicSet,
        typer.Argument(
            help="kaggle: Chest X-Ray Images (Pneumonia), 1.2 GB. medmnist: PneumoniaMNIST."
        ),
    ],
    out: Annotated[Path, typer.Argument(help="Folder for the set.")],
    size: Annotated[
        int, typer.Option(help="Pixels a side, of medmnist only: 28, 64, 128 or 224.")
    ] = 224,
) -> None:
    """Download a public set of real chest X-rays.

    The same command goes on after a break.

    Example: radistill data fetch kaggle chest_xray
    """
    from radistill.data.fetch import fetch_kaggle, fetch_medmnist

    if source is PublicSet.kaggle:
        fetch_kaggle(out)
        data = out
    else:
        data = fetch_medmnist(out, size)
    console.print(f"ready: radistill data inspect {data}", markup=False)
