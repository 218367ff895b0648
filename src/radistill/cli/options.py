"""Options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from radistill.errors import UsageError


class Format(StrEnum):
    """How a comparison is printed."""

    table = "table"
    md = "md"
    json = "json"
    csv = "csv"
    latex = "latex"


def rule_of(sensitivity: float | None, specificity: float | None, cost: float | None) -> str | None:
    """The threshold rule that the options ask for; UsageError if they ask for two."""
    asked = {"sensitivity": sensitivity, "specificity": specificity, "cost": cost}
    given = [f"{name}={value:g}" for name, value in asked.items() if value is not None]
    if len(given) > 1:
        raise UsageError(f"--{' and --'.join(given)}: a threshold is chosen by one rule; give one")
    return given[0] if given else None


def show(comparison: dict[str, Any], form: Format) -> None:
    """Print a comparison to stdout."""
    import typer
    from rich.console import Console

    from radistill.evaluation.formats import render
    from radistill.evaluation.table import print_table

    if form is Format.table:
        print_table(comparison, Console())
    else:
        typer.echo(render(comparison, form.value), nl=False)
