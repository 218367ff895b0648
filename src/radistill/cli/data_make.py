"""`radistill data phantom` and `radistill data fetch`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from radistill.progress import console


def register(app: typer.Typer) -> None:
    """Add the commands that make or get a data set to `radistill data`."""
    app.command("phantom")(phantom)


def phantom(
    out: Annotated[Path, typer.Argument(help="Folder for the set; new, empty or a phantom set.")],
    n: Annotated[int, typer.Option("--n", help="Films in all, a quarter of them for test.")] = 800,
    seed: Annotated[int, typer.Option(help="The same seed gives the same films.")] = 0,
    size: Annotated[int, typer.Option(help="Pixels a side.")] = 256,
) -> None:
    """Make synthetic chest radiographs, with the true opacities as masks beside them."""
    from radistill.data.phantom import generate

    generate(out, n, seed, size)
    console.print(f"{n} synthetic films in {out} (seed {seed}); not of real patients")
