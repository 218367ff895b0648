"""`radistill text`: labels from radiology reports."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from radistill.progress import console

if TYPE_CHECKING:
    from radistill.text.read.collection import ReportCollection

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True)


class Classifier(StrEnum):
    """What a labeller learns with."""

    naive_bayes = "naive-bayes"
    logistic = "logistic"


Source = Annotated[
    Path, typer.Argument(help="A CSV, a folder of .txt or Open-i .xml, or NLMCXR_reports.tgz.")
]
Id = Annotated[str | None, typer.Option("--id", help="CSV column that names the report or film.")]
Text = Annotated[str | None, typer.Option("--text", help="CSV column with the whole report.")]
Label = Annotated[str | None, typer.Option("--label", help="CSV column with the truth.")]
Positive = Annotated[str | None, typer.Option(help="The positive label, if its name is unclear.")]
Rules = Annotated[str, typer.Option(help="Keywords for the label: opacity, abnormal or none.")]
LabellerFile = Annotated[
    str, typer.Option("--labeller", help="A labeller's JSON file; builtin is radistill's own.")
]
Seed = Annotated[int, typer.Option(min=0, help="Seed of folds and resamples.")]


@app.callback()
def group() -> None:
    """Turn radiology reports into labels.

    For research and teaching, not a medical device.

    Example: radistill text label reports.csv --images films --out labels.csv
    """


@app.command("train")
def train(
    source: Source,
    out: Annotated[Path, typer.Option(help="The labeller, one JSON file.")],
    classifier: Annotated[
        Classifier, typer.Option(help="Naive Bayes shows its words best, logistic is more right.")
    ] = Classifier.naive_bayes,
    id_: Id = None,
    text: Text = None,
    label: Label = None,
    positive: Positive = None,
    rules: Rules = "",
    seed: Seed = 0,
) -> None:
    """Train a labeller on reports with labels.

    Example: radistill text train reports.csv --label finding --out labeller.json
    """
    reports = _read(source, id_, text, label)
    from radistill.text import save_labeller, train

    kind = classifier.value.replace("-", "_")
    save_labeller(out, train(reports, kind, seed, positive=positive, rules=rules))
    console.print(
        f"labeller: {out}\nits words: radistill text explain --labeller {out}\n"
        f"its figures: radistill text evaluate {source}",
        markup=False,
    )
    _end(reports.failed)


@app.command("evaluate")
def evaluate(
    source: Source,
    out: Annotated[Path | None, typer.Option(help="Folder for report.html and figures.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
    labeller: Annotated[
        str | None, typer.Option(help="Score this JSON file, or builtin, without cross-validation.")
    ] = None,
    ablation: Annotated[bool, typer.Option(help="Take each step away; takes minutes.")] = True,
    id_: Id = None,
    text: Text = None,
    label: Label = None,
    positive: Positive = None,
    rules: Rules = "",
    bootstrap: Annotated[int, typer.Option(min=100, help="Resamples of texts.")] = 2000,
    seed: Seed = 0,
) -> None:
    """Say how far labels from reports can be trusted.

    By cross-validation on reports whose truth is known.

    Example: radistill text evaluate reports.csv --label finding --out report
    """
    reports = _read(source, id_, text, label)
    from radistill.text import load_labeller
    from radistill.text.evaluate.evaluate_labellers import crossvalidated, evaluate_finished
    from radistill.text.evaluate.report_page import write_report
    from radistill.text.evaluate.terminal import print_figures

    if labeller is not None:
        evaluation = evaluate_finished(reports, load_labeller(labeller), seed, bootstrap)
    else:
        evaluation = crossvalidated(
            reports, seed, positive=positive, rules=rules, resamples=bootstrap, ablate=ablation
        )
    if as_json:
        typer.echo(evaluation.figures.model_dump_json(indent=2, exclude_unset=True))
    else:
        print_figures(evaluation.figures, Console())
    if out is not None:
        console.print(f"report: {write_report(out, evaluation)}", markup=False)
    _end(reports.failed)


@app.command("label")
def label_(
    source: Source,
    out: Annotated[Path, typer.Option(help="CSV for radistill run --labels.")],
    labeller: LabellerFile = "builtin",
    images: Annotated[Path | None, typer.Option(help="Folder of films, found by name.")] = None,
    min_probability: Annotated[
        float, typer.Option(min=0, max=1, help="Leave out labels less probable than this.")
    ] = 0.0,
    id_: Id = None,
    text: Text = None,
) -> None:
    """Label reports, and list the uncertain ones in a second file.

    Exit status: 0 all reports read, 1 some not or without film, 2 wrong usage.

    Example: radistill text label reports.csv --images films --out labels.csv
    """
    reports = _read(source, id_, text)
    from radistill.text import label_reports, load_labeller
    from radistill.text.evaluate.terminal import print_labelled

    result = label_reports(
        reports, load_labeller(labeller), out, least=min_probability, images=images
    )
    print_labelled(result, out, Console())
    _end(result.failed)


@app.command("explain")
def explain(
    report: Annotated[
        str | None, typer.Argument(help="A .txt file, or the report itself in quotes.")
    ] = None,
    labeller: LabellerFile = "builtin",
) -> None:
    """Show the words that a labeller goes by, or those of one report.

    Example: radistill text explain "No focal consolidation. Heart size normal."
    """
    from radistill.text import load_labeller
    from radistill.text.labeller.explain_label import print_labeller, print_report, read_argument

    if report is None:
        print_labeller(load_labeller(labeller), Console())
    else:
        print_report(load_labeller(labeller), read_argument(report), Console())


def _read(
    source: Path, id_: str | None, text: str | None, label: str | None = None
) -> ReportCollection:
    from radistill.text import read_reports
    from radistill.text.read.report_table import Columns

    reports = read_reports(source, Columns(id_, text, label))
    for note in reports.notes:
        console.print(note, markup=False)
    return reports


def _end(failed: Sequence[tuple[str, str]]) -> None:
    """Name what could not be read and exit with 1 if there is any."""
    from radistill.text.evaluate.terminal import print_failed

    if failed:
        print_failed(failed, console)
        raise typer.Exit(1)
