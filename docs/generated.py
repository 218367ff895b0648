"""Pages of the site that are made from the code: commands, configuration, schemas, API, models."""

import json
import re
from collections.abc import Iterator
from importlib import import_module
from inspect import get_annotations
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from sphinx.pycode import ModuleAnalyzer
from typer.testing import CliRunner

from radistill.cli.commands import app
from radistill.config import GeneralConfig, StudyConfig
from radistill.runtime.find_bundle import installed
from radistill.schema.card import CARD, read_card
from radistill.schema.publish import PUBLISHED

PRESETS = Path(import_module("radistill").__file__ or "").parent / "presets"
NAMED: dict[Any, str] = {
    bool: "`true`, `false`",
    int: "whole number",
    float: "number",
    str: "text",
    GeneralConfig: "section",
}
# The rooms whose names somebody would call from Python, those that predict first.
ROOMS = ("runtime", "study", "report", "data", "phantoms", "metrics", "text", "adapt", "archive")


def navigation(index: str) -> str:
    """The toctrees of the site: each section of the index, with the pages that it links to."""
    trees = []
    for section in index.split("\n## ")[1:]:
        title, _, body = section.partition("\n")
        links = re.findall(r"^- \[(.*?)\]\(([^)#]+)\.md\)", body, re.M)
        pages = [f"{text} <{page}>" for text, page in links]
        tree = ("```{toctree}", ":hidden:", f":caption: {title}", "", *pages, "```")
        trees.append("\n".join(tree))
    return "\n\n" + "\n\n".join(trees)


def commands() -> str:
    """The help of every command, as it stands at 80 columns."""
    group = typer.main.get_command(app)
    return "\n".join(_help(group, ()))


def _help(command: Any, path: tuple[str, ...]) -> Iterator[str]:
    name = " ".join(("radistill", *path))
    done = CliRunner().invoke(app, [*path, "--help"], prog_name="radistill")
    assert done.exit_code == 0, done.output
    text = "\n".join(line.rstrip() for line in done.output.strip("\n").splitlines())
    yield f"\n## {name}\n\n```text\n{text}\n```"
    if hasattr(command, "list_commands"):
        context = command.make_context("radistill", [], resilient_parsing=True)
        for child in command.list_commands(context):
            yield from _help(command.get_command(context, child), (*path, child))


def configuration() -> str:
    """Every setting of a study, and the files of the presets."""
    text = "".join(_section(StudyConfig, ""))
    for file in sorted(PRESETS.glob("*.yaml")):
        text += f"\n## Preset {file.stem}\n\n```yaml\n{file.read_text('utf-8')}```\n"
    return text


def _section(model: type[BaseModel], prefix: str) -> Iterator[str]:
    """The table of one section of the configuration, then those of the sections in it."""
    yield f"\n## {prefix.rstrip('.') or 'Top level'}\n\n{_linked(_first_paragraph(model))}\n\n"
    yield "| key | default | range | what |\n|---|---|---|---|\n"
    below = []
    for name, field in model.model_fields.items():
        key = prefix + name
        inner = _inner(field.annotation)
        if inner:
            several = get_origin(field.annotation) is tuple
            below.append((inner, key + ("[]." if several else ".")))
        if inner is None or not isinstance(field.default, BaseModel):
            cells = (f"`{key}`", _default(field), _range(field), describe(model, name))
            yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"
    for inner, key in below:
        yield from _section(inner, key)


def _inner(kind: Any) -> type[BaseModel] | None:
    """The model that a setting is, may be, or is a list of."""
    for one in (kind, *get_args(kind)):
        if isinstance(one, type) and issubclass(one, BaseModel):
            return one
    return None


def describe(model: type[BaseModel], name: str) -> str:
    """What the comment `#:` beside the field says, in the class that declares it."""
    base = next(one for one in model.__mro__ if name in get_annotations(one))
    comments = ModuleAnalyzer.for_module(base.__module__).find_attr_docs()
    text = " ".join(comments.get((base.__name__, name), [])).strip()
    return _linked(text)


def _linked(text: str) -> str:
    """A page that the code names as `docs/page.md`, as a link."""
    return re.sub(r"\bdocs/([\w-]+)(\.md(#[\w-]+)?)", r"[\1](../\1\2)", text)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "must be given"
    plain = field.default
    if isinstance(plain, tuple):
        plain = [one.model_dump() if isinstance(one, BaseModel) else one for one in plain]
    return "none" if plain is None else f"`{json.dumps(plain)}`".replace('"', "")


def _range(field: FieldInfo) -> str:
    """Bounds, choices, or else the type."""
    choices = _choices(field.annotation)
    if choices:
        return ", ".join(f"`{one}`" for one in choices)
    signs = {"ge": "from", "gt": "above", "le": "to", "lt": "below"}
    bounds = [
        f"{word} {getattr(limit, sign):g}"
        for limit in field.metadata
        for sign, word in signs.items()
        if hasattr(limit, sign)
    ]
    kinds = {kind for kind in (field.annotation, *get_args(field.annotation)) if kind in NAMED}
    named = "list" if get_origin(field.annotation) is tuple else NAMED[kinds.pop()]
    return " ".join((named, *bounds))


def _choices(kind: Any) -> tuple[Any, ...]:
    if get_origin(kind) is Literal:
        return get_args(kind)
    return next(filter(None, map(_choices, get_args(kind))), ())


def schemas() -> str:
    """The kinds of files that are written, with their JSON schemas."""
    rows = [
        f"| [{name}](../schemas/{name}.json) | {_first_paragraph(kind)} |"
        for name, kind in PUBLISHED.items()
    ]
    return "\n".join(["| schema | what it describes |", "|---|---|", *rows])


def _first_paragraph(kind: type[BaseModel]) -> str:
    return " ".join((kind.__doc__ or "").split("\n\n")[0].split())


def python() -> str:
    """The public names of the rooms, from their docstrings."""
    parts = ["\n## radistill\n", _autodoc("function", "radistill.load")]
    for room in ROOMS:
        module = import_module(f"radistill.{room}")
        parts.append(f"\n## radistill.{room}\n\n{module.__doc__}\n")
        for name in module.__all__:
            kind = "class" if isinstance(getattr(module, name), type) else "function"
            parts.append(_autodoc(kind, f"radistill.{room}.{name}"))
    return "\n".join(parts)


def _autodoc(kind: str, name: str) -> str:
    return f"```{{eval-rst}}\n.. auto{kind}:: {name}\n```\n"


def models() -> str:
    """A line for each bundle of the package, then its model card."""
    lines = ["| model | finds | knows | size | test AUC (95 % interval) |", "|---|---|---|---|---|"]
    cards = ""
    for folder in installed():
        card = read_card(folder / CARD)
        assert card.figures is not None
        assert card.figures.test.auc_ci is not None
        test, (low, high) = card.figures.test, card.figures.test.auc_ci
        size = (folder / card.small_file).stat().st_size / 1e6
        lines.append(
            f"| [{folder.name}](#{folder.name}) | {card.positive} | {card.population.description} "
            f"| {size:.2f} MB | {test.auc:.3f} ({low:.3f} to {high:.3f}), {test.n} images |"
        )
        text = re.sub(r"^#", "##", (folder / "README.md").read_text("utf-8"), flags=re.M)
        cards += f"\n## {folder.name}\n\n{text.partition(chr(10))[2]}"
    return "\n".join(lines) + "\n" + cards
