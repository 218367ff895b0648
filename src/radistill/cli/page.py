"""`radistill page`: the page as static files, with the model in the browser."""

from pathlib import Path
from typing import Annotated

import typer

from radistill.cli.options import BundleOption


def page(
    out: Annotated[Path, typer.Argument(help="A new or empty folder, or an older page.")],
    bundle: BundleOption = None,
) -> None:
    """Write the page as files, with the model in the browser.

    A folder that any web server can serve: no film leaves the device of whoever opens it. For
    research and teaching, not a medical device. Try it: python -m http.server --directory site.

    Example: radistill page site
    """
    from radistill.page.static_site import write_page

    size = write_page(out, bundle)
    typer.echo(f"{out}: {size / 1e6:.1f} MB to load at first, then it works without a network")
