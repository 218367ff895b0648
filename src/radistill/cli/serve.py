"""`radistill serve`: the web page and the API of a bundle."""

from pathlib import Path
from typing import Annotated

import typer

from radistill.cli.options import BundleOption
from radistill.progress import console, cores
from radistill.runtime.prediction_options import Precision


def serve(
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
) -> None:
    """Answer films over HTTP, and show the page, until Ctrl-C.

    For research and teaching, not a medical device.
    """
    import logging
    from functools import partial

    from radistill.runtime.about import about
    from radistill.runtime.predictor import Predictor
    from radistill.serve import uvicorn_server
    from radistill.serve.app import create_app
    from radistill.serve.request_limits import ServeLimits
    from radistill.serve.service import Service

    uvicorn_server.check_tls(certificate, key)
    listener = uvicorn_server.listen(host, port)
    asked, made = uvicorn_server.token_for(listener, token)
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
    predictor = Predictor.load(bundle, precision=precision, threads=1)
    say = partial(console.print, markup=False, highlight=False, soft_wrap=True)
    say(about(predictor.card, predictor.card.threshold, predictor.bundle.file))
    say(f"open {uvicorn_server.address(listener, tls=certificate is not None)}")
    if made:
        say(f"token, shown this once: {asked}\nPrograms send it as Authorization: Bearer TOKEN")
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s")
    for name in ("radistill", "uvicorn"):
        logging.getLogger(name).setLevel(logging.INFO)
    app = create_app(Service(predictor, limits), token=asked, hosts=names)
    uvicorn_server.serve(uvicorn_server.config(app, certificate, key), listener)
