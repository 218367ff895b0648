"""The documentation site: `make docs` writes it to build/docs. It loads nothing from elsewhere."""

import os
import re
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
# Before Typer is imported: its help as plain text of 80 columns, wherever the site is built.
os.environ.update(TERMINAL_WIDTH="80", _TYPER_FORCE_DISABLE_TERMINAL="1")

import generated  # noqa: E402
from sphinx.application import Sphinx  # noqa: E402

import radistill  # noqa: E402

project = "radistill"
author = "the radistill contributors"
release = version = radistill.__version__
copyright = "the radistill contributors, MIT licence"
extensions = ["myst_parser", "sphinx.ext.autodoc"]
root_doc = "index"
exclude_patterns = ["schemas/*"]
html_theme = "furo"
html_title = f"radistill {release}"
html_show_sphinx = False
html_copy_source = False
html_favicon = "../src/radistill/page/web/icons/icon.svg"
html_theme_options = {"footer_icons": []}
myst_heading_anchors = 4
myst_enable_extensions = ["html_image"]
myst_links_external_new_tab = False
autodoc_typehints = "description"
autodoc_member_order = "bysource"
default_role = "code"  # docstrings quote code as Markdown does
nitpicky = False

# Files beside docs/ that are pages of the site as well.
PAGES = {
    "../experiments/LOG.md": "log.md",
    "../CHANGELOG.md": "changelog.md",
    "../CONTRIBUTING.md": "contributing.md",
}
LINK = re.compile(r"\]\((?!\w+:|#)([^)#\s]+)")  # to a file
MARK = re.compile(r"<!-- build: (\w+) -->.*", re.DOTALL)


def fill(app: Sphinx, name: str, source: list[str]) -> None:
    """Write what is made from the code in place of its mark, and lead links to the site's pages."""
    text = source[0]
    files = {page.removesuffix(".md"): HERE / file for file, page in PAGES.items()}
    if name in files:
        text = files[name].read_text("utf-8")
        start = os.path.relpath(files[name].parent, HERE)
        text = LINK.sub(lambda link: f"]({os.path.normpath(f'{start}/{link[1]}')}", text)
    text = MARK.sub(lambda mark: getattr(generated, mark[1])(), text)
    up = "../" * name.count("/")
    for file, page in PAGES.items():
        text = text.replace(f"]({up}{file}", f"]({up}{page}")
    if name == root_doc:
        text += generated.navigation(text)
    source[0] = text


def escape(app: Sphinx, *about: object) -> None:
    """Docstrings are Markdown at most: outside code, a star is a star."""
    lines = about[-1]
    assert isinstance(lines, list)
    for number, line in enumerate(lines):
        parts = line.split("`")
        parts[::2] = [re.sub(r"([*|])", r"\\\1", part) for part in parts[::2]]
        lines[number] = "`".join(parts)


def setup(app: Sphinx) -> None:
    app.connect("source-read", fill)
    app.connect("autodoc-process-docstring", escape)
