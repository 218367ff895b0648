"""`radistill plan`: how many local films, before anyone labels."""

from typing import Annotated

import typer

from radistill.adapt.plan_options import PlanOptions
from radistill.cli.options import with_options


@with_options(PlanOptions)
def plan(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the plan as JSON.")] = False,
    options: PlanOptions,
) -> None:
    """Say how many local films figures and gains take.

    For the width that each 95 % interval may have, at the site's prevalence, and how to choose the
    films. Formulas and sources: docs/adapt.md.

    Example: radistill plan --prevalence 0.3
    """
    from rich.console import Console

    from radistill.adapt.site_plan import plan_site, print_plan

    result = plan_site(options)
    if as_json:
        typer.echo(result.model_dump_json(indent=2))
    else:
        print_plan(result, Console())
