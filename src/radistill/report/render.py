"""Templates as every report uses them."""

from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from radistill import __version__
from radistill.report import fmt, sentences
from radistill.report.figures.style import style_of


def render(name: str, values: dict[str, Any], *, package: str | None = None) -> str:
    """The template `name` of `package`, else of this one, filled in."""
    return _template(name, package).render(values)


def render_blocks(name: str, values: dict[str, Any]) -> dict[str, Markup]:
    """Each block of the template `name`, filled in, on one line."""
    template = _template(name)
    blocks = {key: block(template.new_context(values)) for key, block in template.blocks.items()}
    return {key: Markup(" ".join("".join(parts).split())) for key, parts in blocks.items()}


def _template(name: str, package: str | None = None) -> Template:
    loaders = [PackageLoader(name) for name in (package, "radistill.report") if name]
    environment = Environment(
        loader=ChoiceLoader(loaders),
        autoescape=True,  # class names and paths come from the data folder
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "style_of": style_of,
        "fmt": fmt,
        "sentences": sentences,
        "version": __version__,
    }
    return environment.get_template(name)
