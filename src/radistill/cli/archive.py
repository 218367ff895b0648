"""`radistill score`: an archive of films on Ray Data."""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from radistill.cli.options import BundleOption, with_options
from radistill.progress import console
from radistill.runtime.prediction_options import Precision, PredictionOptions

_SUMMARY = "summary"


class _FilmsUnlessSummary(TyperGroup):
    """`radistill score SOURCE` is the command without a name, `radistill score summary` another."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, args if args[:1] == [_SUMMARY] else ["", *args])

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        return super().get_command(ctx, cmd_name or "films")


app = typer.Typer(cls=_FilmsUnlessSummary, rich_markup_mode=None)


@app.callback()
def _group() -> None:
    """Score every film of an archive, each once.

    Example: radistill score archive --out scores
    """


@app.command("films")
@with_options(PredictionOptions)
def score(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="A folder, a glob, a list (.parquet, .csv, .jsonl) of paths, or a .tar of films; "
            "on disk, s3:// or http://. `radistill score summary OUT` sums up.",
        ),
    ],
    *,
    out: Annotated[str, typer.Option(help="Folder or s3:// prefix for the Parquet parts.")],
    bundle: BundleOption = None,
    column: Annotated[str, typer.Option(help="Column of the paths in a list.")] = "path",
    retry_errors: Annotated[
        bool, typer.Option("--retry-errors", help="Also films whose row in OUT is an error.")
    ] = False,
    embeddings: Annotated[
        bool, typer.Option("--embeddings", help="Keep the network's embedding (float16).")
    ] = False,
    overviews: Annotated[
        bool, typer.Option("--overviews", help="Keep a JPEG of each film, 128 pixels.")
    ] = False,
    precision: Annotated[
        Precision, typer.Option(help="auto: the smaller model where the bundle has one.")
    ] = "auto",
    part_films: Annotated[int, typer.Option(min=1, help="Films in a part.")] = 1000,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes that score; by default one a core.")
    ] = None,
    ray_address: Annotated[
        str | None, typer.Option(help="A Ray cluster to join: auto, or HOST:6379.")
    ] = None,
    options: PredictionOptions,
) -> None:
    """Score every film of an archive, each once.

    On all cores of this machine or of a Ray cluster. The same command goes on after any failure.
    For research and teaching, not a medical device. Exit status: 0 all films scored, 1 some could
    not be read or the job was not finished, 2 wrong usage.

    Example: radistill score archive --out scores
    """
    import ray  # noqa: F401  # named, if it is not there, before anything is read

    from radistill.archive.archive_job import score_archive
    from radistill.errors import counted
    from radistill.runtime.about import about
    from radistill.runtime.decision import resolve
    from radistill.runtime.predictor import Predictor

    predictor = Predictor.load(bundle, precision=precision, threads=1)
    settings = resolve(predictor.card, options)
    said = about(predictor.card, settings.threshold, predictor.bundle.file)
    console.print(said, markup=False, highlight=False, soft_wrap=True)
    counts = score_archive(
        predictor,
        source,
        out,
        settings,
        precision=precision,
        column=column,
        embeddings=embeddings,
        overviews=overviews,
        retry_errors=retry_errors,
        part_films=part_films,
        workers=workers,
        ray_address=ray_address,
    )
    message = f"{counted(counts.films, 'film')} in {out}"
    if counts.errors:
        message += (
            f", {counts.errors:,} of them failed: `radistill score summary {out}` says why, "
            "--retry-errors tries them again"
        )
    console.print(message, markup=False, highlight=False, soft_wrap=True)
    if counts.errors:
        raise typer.Exit(1)


@app.command(_SUMMARY)
def summary(
    out: Annotated[str, typer.Argument(metavar="OUT", help="Of radistill score.")],
    *,
    page: Annotated[Path | None, typer.Option(help="A file for the page: summary.html.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Count an archive's films, errors and decisions.

    And compare them with the model's card.

    Example: radistill score summary scores --page summary.html
    """
    from rich.console import Console
    from rich.table import Table

    from radistill.archive import archive_page
    from radistill.archive.archive_summary import summarise
    from radistill.files import write_text

    figures = summarise(out)
    if as_json:
        typer.echo(figures.model_dump_json(indent=2))
    else:
        terminal = Console()
        for title, rows in archive_page.tables(figures).items():
            table = Table(title, "", show_header=True)
            table.columns[1].justify = "right"
            for name, value in rows.items():
                table.add_row(name, value)
            if rows:
                terminal.print(table)
        for sentence in archive_page.sentences(figures):
            terminal.print(sentence, markup=False, highlight=False)
    if page is not None:
        write_text(page, archive_page.page(figures))
        console.print(f"page: {page}", markup=False)
