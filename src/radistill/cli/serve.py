"""`radistill serve`: the web page and the API of a bundle."""

from pathlib import Path
from typing import Annotated

import typer

from radistill.cli.options import BundleOption
from radistill.progress import console, cores
from radistill.runtime.prediction_options import Precision
from radistill.runtime.service_log import LogFormat

app = typer.Typer(rich_markup_mode=None, invoke_without_command=True)


@app.callback()
def serve(
    context: typer.Context,
    bundle: BundleOption = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 for the whole network.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes one that is free.")] = 8000,
    token: Annotated[
        str | None,
        typer.Option(
            envvar="RADISTILL_TOKEN",
            help="What clients must send. Beyond this machine there always is one; made if not "
            "given.",
        ),
    ] = None,
    tokens: Annotated[
        Path | None,
        typer.Option(help="A file of lines NAME TOKEN, one a client; read again when it changes."),
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(help="A name by which clients may call it, such as that of a proxy."),
    ] = None,
    certificate: Annotated[Path | None, typer.Option(help="For HTTPS: a PEM file.")] = None,
    key: Annotated[Path | None, typer.Option(help="For HTTPS: its key, without password.")] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Films at a time; by default one a core.")
    ] = None,
    waiting: Annotated[
        int, typer.Option(min=0, help="Requests that may wait; more are refused with status 503.")
    ] = 32,
    max_bytes: Annotated[int, typer.Option(min=1, help="Of a request.")] = 64 * 2**20,
    max_files: Annotated[int, typer.Option(min=1, help="In a request.")] = 32,
    max_pixels: Annotated[int, typer.Option(min=1, help="Of a film.")] = 64 * 10**6,
    seconds: Annotated[float, typer.Option(min=0.1, help="Of CPU to decode a film.")] = 10.0,
    precision: Annotated[
        Precision, typer.Option(help="auto: the smaller model where the bundle has one.")
    ] = "auto",
    log: Annotated[LogFormat, typer.Option(help="Lines of the log.")] = "text",
    audit: Annotated[
        Path | None,
        typer.Option(help="Folder for an audit log: a line a film, chained by hash."),
    ] = None,
) -> None:
    """Show the page and answer films over HTTP, until Ctrl-C.

    For research and teaching, not a medical device.

    Example: radistill serve --port 8080
    """
    if context.invoked_subcommand is not None:
        return
    from functools import partial

    from radistill.errors import UsageError
    from radistill.runtime.about import about
    from radistill.runtime.find_bundle import find_bundle
    from radistill.runtime.predictor import Predictor
    from radistill.runtime.service_log import start_log
    from radistill.serve import uvicorn_server
    from radistill.serve.app import create_app
    from radistill.serve.audit_log import AuditLog
    from radistill.serve.client_tokens import TokenFile, Tokens
    from radistill.serve.request_limits import ServeLimits
    from radistill.serve.service import Service

    if token is not None and tokens is not None:
        raise UsageError("give --tokens or --token (or $RADISTILL_TOKEN), not both")
    uvicorn_server.check_tls(certificate, key)
    clients: Tokens | None = TokenFile(tokens) if tokens is not None else None
    listener = uvicorn_server.listen(host, port)
    made = False
    if clients is None:
        asked, made = uvicorn_server.token_for(listener, token)
        clients = None if asked is None else Tokens({"token": asked})
    names = uvicorn_server.names_for(listener, allow_host or [])
    limits = ServeLimits(
        max_bytes=max_bytes,
        max_files=max_files,
        budget=4 * max_bytes,
        max_pixels=max_pixels,
        seconds=seconds,
        running=workers or cores(),
        waiting=waiting,
    )
    load = partial(Predictor.load, precision=precision, threads=1)
    audit_log = AuditLog(audit) if audit is not None else None
    service = Service(find_bundle(bundle), load, limits, audit_log)
    predictor = service.model.predictor
    say = partial(console.print, markup=False, highlight=False, soft_wrap=True)
    say(about(predictor.card, predictor.card.threshold, predictor.bundle.file))
    say(f"open {uvicorn_server.address(listener, tls=certificate is not None)}")
    if made:
        say(f"token, shown this once: {asked}\nPrograms send it as Authorization: Bearer TOKEN")
    start_log(log, "radistill", "uvicorn")
    uvicorn_server.serve(
        uvicorn_server.config(create_app(service, tokens=clients, hosts=names), certificate, key),
        listener,
        reload=lambda: setattr(service, "reload", True),
    )


@app.command("verify-audit")
def verify_audit(
    folder: Annotated[Path, typer.Argument(help="The folder of --audit.")],
    last: Annotated[
        str | None,
        typer.Option(help="Hash of the last line, as the log of the server has it."),
    ] = None,
) -> None:
    """Check that no line of an audit log was changed.

    Nor removed or added. Exit status 1 if one was.

    Example: radistill serve verify-audit /var/lib/radistill/audit
    """
    from radistill.runtime.hash_chain import verify_chain

    typer.echo(f"{verify_chain(folder, last)} lines, none changed")
