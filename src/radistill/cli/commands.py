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
    "doctor": ("doctor", "doctor"),
}
# What other tools call these commands.
OTHER_NAMES = {
    "train": "run",
    "fit": "run",
    "distill": "run",
    "test": "evaluate",
    "eval": "evaluate",
    "infer": "predict",
    "classify": "predict",
    "diagnose": "predict",
    "export": "bundle",
    "models": "bundles",
    "web": "serve",
    "dicom": "node",
    "archive": "score",
    "download": "data",
    "label": "text",
    "info": "doctor",
    "env": "doctor",
}
WELCOME = f"""\
radistill {__version__}: small chest X-ray classifiers, with figures you can trust.
For research and teaching. Not a medical device.

A first look, with the model that comes with it
  radistill predict FILMS --heatmaps maps
  radistill serve

Train on your X-rays, with few labels
  radistill data inspect xrays
  radistill run --data xrays --unlabelled more --preset few-labels --out few

Read reports: labels from free text
  radistill text label reports.csv --images films --out labels.csv

Carry a model to your hospital
  radistill plan --prevalence 0.3
  radistill adapt pneumonia-children --data ours --out adapted

Put it on a page, a server, the PACS
  radistill page site
  radistill serve --bundle adapted
  radistill node init

Score an archive
  radistill score archive --out scores
  radistill score summary scores

radistill --help lists all commands, radistill COMMAND --help explains one, and
radistill doctor says what is missing here and how to get it."""


class OnDemand(TyperGroup):
    """The group of `COMMANDS`: `radistill predict` does not wait for the files of the others."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands: Any = dict.fromkeys(COMMANDS)  # names, to list them and to answer slips

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] in OTHER_NAMES:
            ctx.fail(f"No such command {args[0]!r}. Did you mean {OTHER_NAMES[args[0]]!r}?")
        return super().resolve_command(ctx, args)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        file, name = COMMANDS[cmd_name]
        found = getattr(import_module(f"radistill.cli.{file}"), name)
        if isinstance(found, typer.Typer):
            command: Any = typer.main.get_group(found)
        else:
            alone = typer.Typer(add_completion=False, rich_markup_mode=None)
            alone.command(cmd_name)(found)
            command = typer.main.get_command(alone)
        command.name = cmd_name
        return command


# Help as plain text: the tables of Rich cut names of options and squeeze the words at 80 columns.
app = typer.Typer(
    name="radistill",
    cls=OnDemand,
    rich_markup_mode=None,
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(shown: bool) -> None:
    if shown:
        typer.echo(f"radistill {__version__}")
        raise typer.Exit


@app.callback()
def root(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Train, distil and ship small chest X-ray classifiers.

    For research and teaching, not a medical device. Completion of what you type:
    radistill --install-completion.

    Example: radistill predict film.jpeg
    """
    if context.invoked_subcommand is None:
        typer.echo(WELCOME)
