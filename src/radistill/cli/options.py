"""Options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from radistill.errors import UsageError


class Format(StrEnum):
    """How a comparison is printed."""

    table = "table"
    md = "md"
    json = "json"
    csv = "csv"
    latex = "latex"


FormatOption = Annotated[Format, typer.Option("--format", help="How to print.")]
Positive = Annotated[
    str | None, typer.Option(help="The positive class of a CSV, where its name does not tell.")
]
Threshold = Annotated[float | None, typer.Option(min=0, max=1, help="Instead of the model's own.")]
Sensitivity = Annotated[
    float | None, typer.Option(min=0, max=1, help="Threshold: this sensitivity on validation.")
]
Specificity = Annotated[
    float | None, typer.Option(min=0, max=1, help="Threshold: this specificity on validation.")
]
Cost = Annotated[
    float | None, typer.Option(min=0, help="Threshold: a miss costs so many false alarms.")
]
Setting = Annotated[
    list[str] | None,
    typer.Option("--set", help="One setting: evaluation.bootstrap=500. Repeatable."),
]


def rule_of(sensitivity: float | None, specificity: float | None, cost: float | None) -> str | None:
    """The threshold rule that the options ask for; UsageError if they ask for two."""
    asked = {"sensitivity": sensitivity, "specificity": specificity, "cost": cost}
    given = [f"{name}={value:g}" for name, value in asked.items() if value is not None]
    if len(given) > 1:
        raise UsageError(f"--{' and --'.join(given)}: a threshold is chosen by one rule; give one")
    return given[0] if given else None


def show(comparison: dict[str, Any], form: Format) -> None:
    """Print a comparison to stdout."""
    from rich.console import Console

    from radistill.report.formats import render
    from radistill.report.tables import print_table

    if form is Format.table:
        print_table(comparison, Console())
    else:
        typer.echo(render(comparison, form.value), nl=False)
