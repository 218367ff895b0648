"""Around the application: who may ask, how much may be sent, and the headers of every answer."""

import ipaddress
import logging
import re
import secrets
import time
import traceback
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from radistill.page import POLICY
from radistill.serve.counters import Metrics
from radistill.serve.http_refusal import FAILED, Refusal, refused
from radistill.serve.request_body import Body, Budget
from radistill.serve.request_limits import ServeLimits

CONTENT_SECURITY_POLICY = f"{POLICY}; frame-ancestors 'none'"
SECURITY = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
REQUEST_ID = "X-Request-ID"
_WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{1,64}")
log = logging.getLogger("radistill.serve")


class Guard:
    """ASGI middleware. It logs methods, routes, statuses, and the request's id: that of the header
    X-Request-ID where it is well-formed, else one made here. Of what a client wrote, nothing else.

    hosts: names that a request's Host may have beside addresses, None for any: so a page whose own
    name points to this machine (DNS rebinding) is refused.
    """

    def __init__(
        self,
        app: ASGIApp,
        limits: ServeLimits,
        budget: Budget,
        metrics: Metrics,
        hosts: Collection[str] | None,
    ) -> None:
        self.app = app
        self._limits, self._budget, self._metrics, self._hosts = limits, budget, metrics, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        body = Body(headers, receive, self._limits, self._budget)
        state = scope.setdefault("state", {})
        state["request_id"] = request_id = _request_id(headers)
        reply = _Reply(send, body, request_id)
        started = time.perf_counter()
        try:
            self._check_sender(scope, headers)
            body.check_length()
            await self.app(scope, body.receive, reply.send)
        except Refusal as refusal:
            await refused(refusal)(scope, receive, reply.send)
        except Exception as error:  # its message may quote the client: only its place is logged
            trace = "".join(traceback.format_tb(error.__traceback__))
            fields = {"request_id": request_id}
            name = type(error).__name__
            log.error("%s %s\n%s", name, request_id, trace.rstrip(), extra={"fields": fields})
            if not reply.status:
                await refused(FAILED)(scope, receive, reply.send)
        finally:
            body.close()
            self._note(scope, reply.status, time.perf_counter() - started)

    def _check_sender(self, scope: Scope, headers: Headers) -> None:
        host = headers.get("host", "")
        name = _name(host)
        if self._hosts is not None and name not in self._hosts and not _is_address(name):
            raise Refusal(421, "host", "this server does not answer to that name; see --allow-host")
        if scope["method"] not in ("GET", "HEAD") and not _same_origin(headers, host):
            raise Refusal(403, "origin", "pages of other origins may not use this server")

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", None) or "other"
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._metrics.request(method, route, status, seconds)
        ms, state = round(1000 * seconds, 1), scope["state"]
        fields = {"method": method, "route": route, "status": status, "ms": ms}
        fields |= {name: state[name] for name in _LOGGED if state.get(name)}
        words = (method, route, status, ms, state["request_id"])
        log.info("%s %s %d %.1f ms %s", *words, extra={"fields": fields})


_LOGGED = ("request_id", "client", "audit")  # of the request's state
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class _Reply:
    """Stands in for `send`. A body that is not read to its end closes the connection."""

    def __init__(self, send: Send, body: Body, request_id: str) -> None:
        self._send, self._body, self._request_id = send, body, request_id
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(raw=message["headers"])
            headers.update(SECURITY)
            headers[REQUEST_ID] = self._request_id
            headers.setdefault("Cache-Control", "no-store")
            if not self._body.complete:
                headers["Connection"] = "close"
            message = {**message, "headers": headers.raw}
        elif not message.get("more_body", False) and not self._body.complete:
            await self._send({**message, "more_body": True})
            await self._body.drain()
            message = {"type": "http.response.body", "body": b""}
        await self._send(message)


def _request_id(headers: Headers) -> str:
    given = headers.getlist(REQUEST_ID)
    if len(given) == 1 and _WELL_FORMED.fullmatch(given[0]):
        return given[0]
    return secrets.token_hex(16)


def _name(host: str) -> str:
    """A Host header without its port, in lower case; empty if it is none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    """A page's name can be made to point here; an address is what it says."""
    try:
        return bool(ipaddress.ip_address(name))
    except ValueError:
        return False


def _same_origin(headers: Headers, host: str) -> bool:
    """Whether a request comes from our page, or from no page at all.

    Browsers tell by Sec-Fetch-Site, over plain HTTP by Origin alone.
    """
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        return site in ("same-origin", "none")
    return origin is None or origin.lower().partition("://")[2] == host.lower()
