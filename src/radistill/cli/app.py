"""All commands on one Typer application."""

from __future__ import annotations

from typing import Annotated

import typer

from radistill import __version__
from radistill.cli import compare, data, data_make, evaluate, run, weights

app = typer.Typer(
    name="radistill",
    help="Train, distil and ship small chest X-ray classifiers. For research and teaching, "
    "not a medical device.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("run")(run.run)
app.command("evaluate")(evaluate.evaluate)
app.command("compare")(compare.compare)
app.add_typer(data.app, name="data")
data_make.register(data.app)
app.add_typer(weights.app, name="weights")


def _version(shown: bool) -> None:
    if shown:
        typer.echo(f"radistill {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Train, distil and ship small chest X-ray classifiers."""
