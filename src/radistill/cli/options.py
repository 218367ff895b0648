"""Options that several commands share."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
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
    from radistill.data.sources import FilmColumns
    from radistill.schema.comparison import Comparison

INTERRUPTED = 130  # the shell's convention for Ctrl-C

Command = Callable[..., None]
ComparisonFormat = Literal["table", "md", "json", "csv", "latex"]

BundleOption = Annotated[
    str | None,
    typer.Option(
        help="The model: a bundle's folder, a run, or the name of an installed bundle. Else "
        "$RADISTILL_BUNDLE, else pneumonia-children."
    ),
]


class TableOptions(BaseModel):
    """Where the films' labels stand, if not in the names of folders."""

    labels: Path | None = Field(
        None, description="CSV with path and label for the files in the data folder."
    )
    image_column: str | None = Field(None, description="Column of the image's path or name.")
    label_column: str | None = Field(None, description="Column of the label.")
    patient_column: str | None = Field(None, description="Column of the patient.")
    map_: str | None = Field(
        None,
        alias="map",
        description="Labels as classes: 'No Finding=normal,Pneumonia=pneumonia'.",
    )

    @property
    def columns(self) -> FilmColumns | None:
        """None for radistill's own; UsageError if --map is not so written."""
        from radistill.data.sources.table import columns_of

        return columns_of(self.image_column, self.label_column, self.patient_column, self.map_)


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

    def settings(self, sources: Sequence[Path], *overrides: str) -> StudyConfig:
        """The evaluation settings and seed of the runs that `sources` are of or lie in.

        The defaults where there is no run or they differ. --set and `overrides` come over them.
        """
        from radistill.config import load_evaluation, read_evaluation

        files = [_run_config(source) for source in sources]
        first = files[0]
        if len(files) > 1:
            of_runs = [read_evaluation(file) if file else None for file in files]
            first = first if all(of_run == of_runs[0] for of_run in of_runs) else None
        return load_evaluation(first, [*self.set_, *overrides])


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


def _run_config(source: Path) -> Path | None:
    """config.yaml of the run that is, or holds, this folder or file of predictions, if any."""
    folder = source if source.is_dir() else source.parent
    files = (place / "config.yaml" for place in (folder, folder.resolve().parent))
    return next((file for file in files if file.is_file()), None)


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
