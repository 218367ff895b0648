"""An audit as one self-contained page."""

import base64
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from radistill.data.manifest import SPLITS
from radistill.files import write_text
from radistill.schema.audit import Audit


def write_page(path: Path, audit: Audit, grid: bytes) -> None:
    """Write `audit` and its sheet of films (PNG) as HTML; no other file is needed to show it."""
    # Class names and paths come from outside: everything is escaped.
    jinja = Environment(
        loader=PackageLoader("radistill.data.audit"), autoescape=True, undefined=StrictUndefined
    )
    picture = "data:image/png;base64," + base64.b64encode(grid).decode()
    page = jinja.get_template("audit.html").render(audit=audit, grid=picture, splits=SPLITS)
    write_text(path, page)
