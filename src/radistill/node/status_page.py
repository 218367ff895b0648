"""/healthz and /metrics for machines, and one page for people. No patient data on any."""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from radistill.errors import UsageError
from radistill.node.answer_uids import NOTICE
from radistill.node.node_config import StatusPage
from radistill.node.node_metrics import NodeMetrics


@dataclass(frozen=True)
class NodeState:
    """problems: why the node does not work as it should, empty if it does. facts: what it is."""

    problems: tuple[str, ...]
    counts: Mapping[str, int]
    facts: Mapping[str, str]


class StatusServer:
    """Runs in a thread of its own until `close`."""

    def __init__(
        self, page: StatusPage, state: Callable[[], NodeState], metrics: NodeMetrics
    ) -> None:
        class Handler(_Handler):
            pass

        Handler.state, Handler.metrics = staticmethod(state), metrics
        try:
            self._server = ThreadingHTTPServer((page.host, page.port), Handler)
        except OSError as error:
            raise UsageError(
                f"status: {page.host} port {page.port}: cannot listen there ({error.strerror})"
            ) from None
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        threading.Thread(
            target=self._server.serve_forever, name="radistill-status", daemon=True
        ).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    state: Callable[[], NodeState]
    metrics: NodeMetrics
    timeout = 10
    server_version = "radistill"
    sys_version = ""

    def do_GET(self) -> None:
        if self.path == "/metrics":
            self._answer(200, "text/plain; version=0.0.4; charset=utf-8", self.metrics.text())
        elif self.path == "/healthz":
            state = type(self).state()
            body = {"status": "failing" if state.problems else "ok", "problems": state.problems}
            status = 503 if state.problems else 200
            self._answer(status, "application/json", json.dumps(body).encode())
        elif self.path == "/":
            self._answer(200, "text/html; charset=utf-8", _page(type(self).state()).encode())
        else:
            self._answer(404, "text/plain", b"/, /healthz, /metrics\n")

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        for name, value in (
            ("Content-Type", kind),
            ("Content-Length", str(len(body))),
            ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"),
            ("Cache-Control", "no-store"),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: what clients write does not go to the log."""


def _page(state: NodeState) -> str:
    def rows(values: Mapping[str, object]) -> str:
        return "".join(
            f"<tr><th scope=row>{escape(name)}</th><td>{escape(str(value))}</td></tr>"
            for name, value in values.items()
        )

    problems = "".join(f"<li>{escape(one)}</li>" for one in state.problems)
    return (
        "<!DOCTYPE html><html lang=en><meta charset=utf-8><meta http-equiv=refresh content=5>"
        "<meta name=viewport content='width=device-width'><title>radistill node</title><style>"
        "body{font:1rem/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem}"
        "th{text-align:left;font-weight:400;padding-right:2rem}td{font-variant-numeric:"
        "tabular-nums}ul{color:#a00000}</style>"
        f"<h1>radistill node</h1><p>{NOTICE}</p><ul>{problems}</ul>"
        f"<h2>Films</h2><table>{rows(state.counts)}</table>"
        f"<h2>Node</h2><table>{rows(state.facts)}</table></html>"
    )
