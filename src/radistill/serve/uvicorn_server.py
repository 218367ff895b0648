"""From options to a running server."""

import ipaddress
import os
import secrets
import signal
import socket
import ssl
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from radistill.errors import UsageError
from radistill.serve.client_tokens import check_token
from radistill.serve.http_protocol import TimedProtocol

LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
GRACE_SECONDS = 30


def listen(host: str, port: int) -> socket.socket:
    """A bound socket. Raises UsageError if the address is not ours or in use."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise UsageError(
            f"{host} port {port}: cannot listen there ({why}). Give another --port or --host."
        ) from None
    return listener


def is_loopback(listener: socket.socket) -> bool:
    """Whether only this machine can reach it."""
    return ipaddress.ip_address(listener.getsockname()[0]).is_loopback


def token_for(listener: socket.socket, given: str | None) -> tuple[str | None, bool]:
    """The token to ask for, and whether it was made here and must be shown.

    None on loopback where none was given. Raises UsageError for one that could be guessed.
    """
    if given is not None:
        check_token(given)
        return given, False
    if is_loopback(listener):
        return None, False
    return secrets.token_urlsafe(24), True


def names_for(listener: socket.socket, allowed: Sequence[str]) -> set[str]:
    """The `hosts` of `Guard`: local names and those allowed; for the network this machine's too."""
    names = {*LOCAL_NAMES, listener.getsockname()[0], *allowed}
    if not is_loopback(listener):
        own = socket.gethostname()
        names |= {own, f"{own}.local", socket.getfqdn()}
    return {name.lower() for name in names}


def check_tls(certificate: Path | None, key: Path | None) -> None:
    """Raise UsageError unless both are given and belong together, or neither is."""
    if (certificate is None) != (key is None):
        raise UsageError("TLS needs both: give --certificate and --key")
    if certificate is None:
        return
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key, password=lambda: "")
    except OSError as error:  # SSLError is one
        why = error.strerror or error
        raise UsageError(f"{certificate}, {key}: cannot be used for TLS ({why})") from None


def config(
    app: ASGIApp, certificate: Path | None = None, key: Path | None = None
) -> uvicorn.Config:
    """uvicorn's settings: our time limits, no log of paths, no trust in proxies' headers."""
    return uvicorn.Config(
        app,
        http=TimedProtocol,
        ws="none",
        loop="asyncio",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )


def serve(config: uvicorn.Config, listener: socket.socket, reload: Callable[[], object]) -> None:
    """Run until SIGTERM or Ctrl-C; then finish open requests, for at most `GRACE_SECONDS`.

    reload: called on SIGHUP, but for a server in a terminal, which that signal ends.
    """

    # uvicorn raises the signal again once it has stopped: ignored, the exit status is 0.
    def ignore(number: int, frame: FrameType | None) -> None: ...

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ignore)
    if hasattr(signal, "SIGHUP") and not os.isatty(0):
        signal.signal(signal.SIGHUP, lambda number, frame: reload())
    uvicorn.Server(config).run(sockets=[listener])


def address(listener: socket.socket, *, tls: bool = False) -> str:
    """The page's address for a browser."""
    scheme = "https" if tls else "http"
    host, port = listener.getsockname()[:2]
    if ipaddress.ip_address(host).is_unspecified:
        host = _own_address()
    return f"{scheme}://[{host}]:{port}/" if ":" in host else f"{scheme}://{host}:{port}/"


def _own_address() -> str:
    """This machine's on its network. Connecting a datagram socket sends nothing."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram:
            datagram.connect(("192.0.2.1", 9))  # RFC 5737: nobody's
            return str(datagram.getsockname()[0])
    except OSError:
        return socket.gethostname()
