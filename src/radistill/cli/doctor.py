"""`radistill doctor`: what is installed here, what is missing, and how to get it."""

import json
from dataclasses import asdict
from itertools import groupby
from typing import Annotated

import typer


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
    network: Annotated[bool, typer.Option(help="Try whether the outside can be reached.")] = True,
) -> None:
    """Say what is missing on this machine, and how to get it.

    Exit status: 0 the light install works, 1 it does not.

    Example: radistill doctor
    """
    from radistill.cli.installation import examine

    findings = list(examine(network=network))
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        for topic, several in groupby(findings, key=lambda finding: finding.topic):
            typer.echo(topic)
            for finding in several:
                typer.echo(f"  {finding.name:<17} {finding.here}")
                if finding.lacks:
                    typer.echo(f"    missing: {finding.lacks}")
    if any(finding.broken for finding in findings):
        raise typer.Exit(1)
