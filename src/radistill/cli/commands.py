"""All commands on one Typer application; each file is imported when its command is asked for."""

from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from radistill import __version__

# Command -> its file in this folder and the function, or the Typer application, in it.
COMMANDS = {
    "run": ("run", "run"),
    "evaluate": ("evaluate", "evaluate"),
    "compare": ("compare", "compare"),
    "curve": ("curve", "curve"),
    "adapt": ("adapt", "adapt"),
    "plan": ("plan", "plan"),
    "monitor": ("monitor", "monitor"),
    "bundle": ("bundle", "bundle"),
    "bundles": ("bundles", "bundles"),
    "predict": ("predict", "predict"),
    "score": ("archive", "app"),
    "serve": ("serve", "app"),
    "node": ("node", "app"),
    "page": ("page", "page"),
    "data": ("data", "app"),
    "text": ("text", "app"),
    "weights": ("weights", "app"),
}


class OnDemand(TyperGroup):
    """The group of `COMMANDS`: `radistill predict` does not wait for the files of the others."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [*COMMANDS, *super().list_commands(ctx)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return super().get_command(ctx, cmd_name)
        file, name = COMMANDS[cmd_name]
        found = getattr(import_module(f"radistill.cli.{file}"), name)
        if isinstance(found, typer.Typer):
            command: Any = typer.main.get_group(found)
        else:
            alone = typer.Typer(add_completion=False)
            alone.command(cmd_name)(found)
            command = typer.main.get_command(alone)
        command.name = cmd_name
        return command


app = typer.Typer(
    name="radistill",
    cls=OnDemand,
    help="Train, distil and ship small chest X-ray classifiers. For research and teaching, "
    "not a medical device.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


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
