"""Options that are declared once: on the command line as in the model that declares them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import pytest
import typer
from pydantic import BaseModel, Field
from typer.testing import CliRunner

from radistill.cli.options import with_options
from radistill.errors import UsageError
from radistill.runtime.prediction_options import PredictionOptions
from radistill.serve.routes import PredictionQuery

from ..command_line import Command


class Options(BaseModel):
    share: float | None = Field(None, ge=0, le=1, description="A share.")
    form: Literal["long", "short"] = Field("short", alias="format", description="How.")
    loud: bool = False
    code: str = Field("ab", pattern="^a")
    set_: list[str] = Field([], alias="set")


received: list[tuple[str, int, Options]] = []
app = typer.Typer(pretty_exceptions_enable=False)


@app.command()
@with_options(Options)
def command(
    name: Annotated[str, typer.Argument(help="A name.")],
    *,
    number: Annotated[int, typer.Option(min=3)] = 5,
    options: Options,
) -> None:
    """What it does."""
    received.append((name, number, options))


def run(*arguments: str) -> tuple[str, int, Options]:
    done = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return received.pop()


def test_defaults_and_values_reach_the_command_as_one_model() -> None:
    assert run("x") == ("x", 5, Options())
    given = run("x", "--number", "7", "--share", "0.5", "--format", "long", "--loud", "--set", "a")
    assert given == ("x", 7, Options(share=0.5, format="long", loud=True, set=["a"]))


@pytest.mark.parametrize("wrong", [["--share", "1.5"], ["--format", "wide"], ["--form", "long"]])
def test_what_the_model_refuses_is_wrong_usage(wrong: list[str]) -> None:
    assert CliRunner().invoke(app, ["x", *wrong]).exit_code == 2
    assert not received


def test_what_only_the_model_can_refuse_names_the_option() -> None:
    with pytest.raises(UsageError, match="code: String should match"):
        run("x", "--code", "ba")


def test_help_has_names_words_and_ranges() -> None:
    shown = " ".join(CliRunner().invoke(app, ["--help"], env={"COLUMNS": "150"}).output.split())
    for words in ("What it does.", "A share.", "0<=x<=1", "<long|short>", "default: short"):
        assert words in shown


def test_prediction_options_are_those_of_every_entrance(radistill: Command, tmp_path: Path) -> None:
    names = set(PredictionOptions.model_fields)
    assert names < set(PredictionQuery.model_fields)
    _, shown, _ = radistill("predict", "--help")
    assert all(f"--{name.replace('_', '-')}" in shown for name in names)
    status, _, err = radistill("predict", tmp_path, "--threshold", "nan")
    assert (status, "threshold" in err) == (2, True)
