"""Options that several commands share."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from pydantic import BaseModel, Field
from pydantic.fields import FieldInfo

from radistill.errors import UsageError
from radistill.runtime.prediction_options import parse_options

if TYPE_CHECKING:
    from radistill.config import StudyConfig
    from radistill.schema.comparison import Comparison

Command = Callable[..., None]
ComparisonFormat = Literal["table", "md", "json", "csv", "latex"]

BundleOption = Annotated[
    str | None,
    typer.Option(
        help="The model: a bundle's folder, a run, or the name of an installed bundle. Else "
        "$RADISTILL_BUNDLE, else the one installed."
    ),
]
LabelsOption = Annotated[
    Path | None, typer.Option(help="CSV with path and label for the files in the data folder.")
]


class ComparisonOptions(BaseModel):
    """What `evaluate` and `compare` share: which threshold, and how to print."""

    threshold: float | None = Field(None, ge=0, le=1, description="Instead of the model's own.")
    sensitivity: float | None = Field(
        None, ge=0, le=1, description="Threshold: this sensitivity on validation."
    )
    specificity: float | None = Field(
        None, ge=0, le=1, description="Threshold: this specificity on validation."
    )
    cost: float | None = Field(
        None, ge=0, description="Threshold: a missed disease costs so many false alarms."
    )
    positive: str | None = Field(
        None, description="The positive class of a CSV, where its name does not tell."
    )
    form: ComparisonFormat = Field("table", alias="format", description="How to print.")
    set_: list[str] = Field(
        [], alias="set", description="One setting: evaluation.bootstrap=500. Repeatable."
    )

    @property
    def rule(self) -> str | None:
        """The threshold rule that the options ask for; UsageError if they ask for two."""
        rules = {name: getattr(self, name) for name in ("sensitivity", "specificity", "cost")}
        given = [f"{name}={value:g}" for name, value in rules.items() if value is not None]
        if len(given) > 1:
            raise UsageError(f"--{' and --'.join(given)}: one rule chooses the threshold; give one")
        return given[0] if given else None

    def settings(self, *overrides: str) -> StudyConfig:
        """The settings of preset quick, with --set and `overrides` over them."""
        from radistill.config import load_config

        return load_config("quick", None, [*self.set_, *overrides])


def with_options(model: type[BaseModel]) -> Callable[[Command], Command]:
    """Give a command the fields of `model` as options; it takes them as one argument, `options`."""

    def decorate(command: Command) -> Command:
        @wraps(command)
        def run(**values: Any) -> None:
            fields = {
                field.alias or name: values.pop(name) for name, field in model.model_fields.items()
            }
            command(**values, options=parse_options(model, fields))

        own = inspect.signature(command, eval_str=True).parameters.values()
        parameters = [parameter for parameter in own if parameter.name != "options"]
        parameters += [_parameter(name, field) for name, field in model.model_fields.items()]
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return run

    return decorate


def _parameter(name: str, field: FieldInfo) -> inspect.Parameter:
    limits: dict[str, float] = {
        name: getattr(limit, key)
        for limit in field.metadata
        for key, name in (("ge", "min"), ("le", "max"))
        if hasattr(limit, key)
    }
    flag = [f"--{field.alias}"] if field.alias else []
    option: Any = typer.Option(*flag, help=field.description, **limits)  # type: ignore[arg-type]
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=field.default,
        annotation=Annotated[field.annotation, option],
    )


def show(comparison: Comparison, form: ComparisonFormat) -> None:
    """Print a comparison to stdout."""
    from rich.console import Console

    from radistill.report.formats import render
    from radistill.report.tables import print_table

    if form == "table":
        print_table(comparison, Console())
    else:
        typer.echo(render(comparison, form), nl=False)
