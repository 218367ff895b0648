"""What people read before anything runs: the welcome, help, suggestions, completion."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from radistill.cli.commands import COMMANDS, OTHER_NAMES, WELCOME, app
from radistill.config.study_config import EvaluationConfig
from radistill.runtime.find_bundle import installed

from ..command_line import Command

WIDTH = 80
EXAMPLE = "  Example: "


def walk(command: Any, context: Any) -> Iterator[tuple[str, Any, Any]]:
    """Each command below with its full name and context, groups included."""
    yield context.command_path, command, context
    names = command.list_commands(context) if hasattr(command, "list_commands") else ()
    for name in names:
        inner = command.get_command(context, name)
        yield from walk(inner, type(context)(inner, info_name=name, parent=context))


def every_command() -> dict[str, tuple[Any, Any]]:
    root = typer.main.get_command(app)
    context = root.context_class(root, info_name="radistill", terminal_width=WIDTH)
    return {path: (command, inner) for path, command, inner in walk(root, context)}


ALL = every_command()


def test_the_walk_reaches_all() -> None:
    assert {f"radistill {name}" for name in COMMANDS} < set(ALL)
    assert {"radistill node ledger verify", "radistill data inspect"} < set(ALL)


@pytest.mark.parametrize("path", ALL)
def test_help_reads_well_at_80_columns(path: str) -> None:
    command, context = ALL[path]
    lines = command.get_help(context).splitlines()
    assert max(map(len, lines)) <= WIDTH
    cut = [line for line in lines if line.endswith("...") or "…" in line]
    assert [line for line in cut if not line.startswith("Usage")] == []
    (example,) = [line for line in lines if line.startswith(EXAMPLE)]
    if not hasattr(command, "list_commands"):
        typed = path.removesuffix(" films")  # `radistill score` has no name below it
        assert f"{example} ".startswith(f"{EXAMPLE}{typed} ") or "--config" in example


@pytest.mark.parametrize("path", ["predict", "serve", "page", "score films"])
def test_the_model_that_is_taken_where_none_is_named_is_named(path: str) -> None:
    """Several come with radistill."""
    command, context = ALL[f"radistill {path}"]
    words = " ".join(command.get_help(context).split()).replace("- ", "-")
    assert f"else {installed()[0].name}." in words


def test_a_margin_that_is_not_given_is_said() -> None:
    command, context = ALL["radistill compare"]
    words = " ".join(command.get_help(context).split())
    assert f"the runs' own, {EvaluationConfig().margin} if they set none" in words


@pytest.mark.parametrize("path", ALL)
def test_examples_have_commands_and_options_that_exist(path: str) -> None:
    command, context = ALL[path]
    (example,) = [
        line for line in command.get_help(context).splitlines() if line.startswith(EXAMPLE)
    ]
    check_typed(example.removeprefix(EXAMPLE))


def check_typed(line: str) -> None:
    """A command line that is shown to people: command, options and values are there."""
    program, *words = shlex.split(line)
    assert program == "radistill"
    command, context = ALL["radistill"]
    context = type(context)(command, info_name="radistill")
    while hasattr(command, "list_commands") and words:
        # An option of the group, such as --config of the node, stands before its command.
        parser = command.make_parser(context)
        _, rest, _ = parser.parse_args([*words])
        inner = command.get_command(context, rest[0]) if rest else None
        if inner is None:
            break
        command, words = inner, rest[1:]
        context = type(context)(command, info_name=rest[0], parent=context)
    values, rest, _ = command.make_parser(context).parse_args([*words])
    assert [name for name in command.params if name.required and name.name not in values] == []


def test_alone_it_shows_the_five_things(radistill: Command) -> None:
    status, out, err = radistill()
    assert (status, err) == (0, "")
    for heading in ("few labels", "Read reports", "your hospital", "the PACS", "Score an archive"):
        assert heading in out
    assert max(map(len, out.splitlines())) <= WIDTH


@pytest.mark.parametrize(
    "line", [line.strip() for line in WELCOME.splitlines() if line.startswith("  radistill")]
)
def test_what_the_welcome_shows_can_be_typed(line: str) -> None:
    check_typed(line)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (["rum"], "run"),
        (["predit"], "predict"),
        (["docter"], "doctor"),
        (["data", "inspct"], "inspect"),
        (["node", "chek"], "check"),
        *(([other], name) for other, name in OTHER_NAMES.items()),
    ],
)
def test_a_slip_gets_a_suggestion(radistill: Command, typed: list[str], meant: str) -> None:
    status, out, err = radistill(*typed)
    assert (status, out) == (2, "")
    assert f"Did you mean '{meant}'?" in " ".join(err.split())


def test_other_names_lead_to_commands() -> None:
    assert set(OTHER_NAMES.values()) <= set(COMMANDS)
    assert not set(OTHER_NAMES) & set(COMMANDS)


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("radistill pre", "predict"),
        ("radistill data ins", "inspect"),
        ("radistill run --pre", "--preset"),
    ],
)
def test_the_shell_completes(typed: str, offered: str) -> None:
    asked = {
        "_RADISTILL_COMPLETE": "complete_bash",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(len(typed.split()) - 1),
    }
    done = subprocess.run(
        [sys.executable, "-m", "radistill"],
        env=os.environ | asked,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert offered in done.stdout.split()


def test_the_configuration_is_shown_without_films(radistill: Command) -> None:
    status, out, err = radistill("run", "--show-config", "--preset", "demo")
    assert (status, err) == (0, "")
    assert "baseline:" in out


@pytest.mark.parametrize("given", [[], ["--data", "."], ["--out", "x"]])
def test_a_run_asks_for_what_it_needs(radistill: Command, given: list[str]) -> None:
    status, _, err = radistill("run", *given)
    assert status == 2
    assert "--data" in err
    assert "--out" in err
