"""`radistill node`: a DICOM node beside the PACS."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from radistill.progress import console

app = typer.Typer(rich_markup_mode=None, invoke_without_command=True)
ConfigOption = Annotated[
    Path, typer.Option("--config", help="Settings: see `radistill node init`.")
]


@app.callback()
def node(context: typer.Context, config: ConfigOption = Path("node.yaml")) -> None:
    """Receive films by DICOM and send reports back to the PACS.

    Until it is stopped (SIGTERM or Ctrl-C); what it has accepted is not lost. For research and
    teaching. Not for diagnostic use.

    Example: radistill node --config node.yaml
    """
    if context.invoked_subcommand is not None:
        context.obj = config
        return
    import logging
    import os
    import signal
    import threading

    from radistill.node.answer_uids import NOTICE
    from radistill.node.daemon import running
    from radistill.node.node_config import read_node_config
    from radistill.runtime.service_log import start_log

    settings = read_node_config(config)
    start_log(settings.log, "radistill.node")
    # A pipe: a lock is not woken by a signal that another thread gets, or that comes just before
    # the wait for it begins.
    asked, asking = os.pipe()
    os.set_blocking(asking, False)
    signal.set_wakeup_fd(asking)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    with running(settings, threading.Event()):
        logging.getLogger("radistill.node").info(NOTICE)
        os.read(asked, 1)


@app.command("init")
def init(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(help="A new file; by default that of --config.")
    ] = None,
) -> None:
    """Write a node.yaml with every setting explained.

    Example: radistill node init node.yaml
    """
    from radistill.errors import UsageError
    from radistill.files import write_text
    from radistill.node.node_config import commented_config

    file = file or context.obj
    if file.exists():
        raise UsageError(f"{file}: is there already; give another name")
    write_text(file, commented_config())
    console.print(
        f"{file} written: name your senders and targets, then radistill node check", markup=False
    )


@app.command("check")
def check(
    context: typer.Context,
    send: Annotated[
        bool, typer.Option(help="Also send a test report and capture of a drawn film.")
    ] = False,
) -> None:
    """Try the settings: bundle, disk, and an echo to every target.

    Exit status 1 if one fails.

    Example: radistill node --config node.yaml check --send
    """
    from radistill.node.check_node import check_node
    from radistill.node.node_config import read_node_config

    failed = 0
    for what, problem in check_node(read_node_config(context.obj), send=send):
        failed += problem is not None
        console.print(f"{what}: {problem or 'ok'}", markup=False, highlight=False)
    if failed:
        raise typer.Exit(1)


@app.command("jobs")
def jobs(
    context: typer.Context,
    again: Annotated[bool, typer.Option(help="Give all dead letters another turn.")] = False,
    drop: Annotated[
        list[int] | None,
        typer.Option(help="Remove this dead letter, with its film and answers.", metavar="JOB"),
    ] = None,
) -> None:
    """Count films by state, and list those that failed.

    Unfetched ones and dead letters, with their reasons.

    Example: radistill node jobs --again
    """
    from radistill.errors import UsageError
    from radistill.node import dead_letters
    from radistill.node.jobs import existing_spool
    from radistill.node.node_config import read_node_config

    store = existing_spool(read_node_config(context.obj).spool.path)
    for number in drop or ():
        if not dead_letters.drop(store, number):
            raise UsageError(f"job {number} is no dead letter")
        typer.echo(f"job {number} is dropped")
    dead = store.waiting(["dead"], limit=sys.maxsize)
    for state, count in store.counts().items():
        typer.echo(f"{state:<10} {count}")
    for job in [*store.waiting(["unfetched"], limit=sys.maxsize), *dead]:
        typer.echo(f"job {job.id}: {job.code}: {job.message}")
    if again:
        dead_letters.try_again(store, dead)
        typer.echo(f"{len(dead)} dead letters are tried again by the running node")


ledger = typer.Typer(rich_markup_mode=None, no_args_is_help=True)
app.add_typer(ledger, name="ledger")


@ledger.callback()
def ledger_group() -> None:
    """The ledger of what was answered.

    Example: radistill node ledger verify
    """


@ledger.command("verify")
def verify(context: typer.Context) -> None:
    """Check that no line was changed, removed or added.

    Exit status 1 if one was.

    Example: radistill node ledger verify
    """
    from radistill.node.jobs import existing_spool
    from radistill.node.node_config import read_node_config
    from radistill.runtime.hash_chain import verify_chain

    config = read_node_config(context.obj)
    lines = verify_chain(config.ledger.path, existing_spool(config.spool.path).cursor("ledger"))
    typer.echo(f"{lines} lines, none changed")
