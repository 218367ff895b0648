"""The application: routes, the page, and the guard around them."""

from __future__ import annotations

import mimetypes
import secrets
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from radistill import __version__
from radistill.page import WEB
from radistill.serve import openapi
from radistill.serve.api import HUNG_UP, routes
from radistill.serve.docs_page import STYLE, docs_page
from radistill.serve.guard import Guard
from radistill.serve.http_refusal import Refusal, refused
from radistill.serve.service import Service

KINDS = {  # where the system's own table lacks them or has them wrong
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".json": "application/json",
    ".onnx": "application/octet-stream",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
}
_BEARER = HTTPBearer(auto_error=False)


def create_app(
    service: Service, *, token: str | None = None, hosts: Collection[str] | None = None
) -> ASGIApp:
    """The ASGI application.

    token: what `Authorization: Bearer` must hold for films and metrics; None asks for none. The
    page itself holds nothing secret. hosts: see `Guard`.
    """
    app = FastAPI(
        title="radistill",
        version=__version__,
        description="Chest X-rays to decisions. For research and teaching, not a medical device.",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lambda _: _running(service),
    )
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _wrong_query)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(Exception, _failed)
    needed = [] if token is None else [Depends(_bearer(token))]
    app.include_router(routes(service), dependencies=needed)

    @app.get(
        "/metrics",
        summary="Counters for Prometheus",
        response_class=PlainTextResponse,
        responses=openapi.METRICS,
        dependencies=needed,
    )
    async def metrics() -> Response:
        return PlainTextResponse(service.metrics.text(), media_type="text/plain; version=0.0.4")

    @app.get(
        "/healthz",
        summary="Whether it answers",
        response_model=openapi.Health,
        responses=openapi.HEALTH,
    )
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/docs", include_in_schema=False)
    async def docs() -> Response:
        return Response(docs_page(app.openapi()), media_type="text/html")

    @app.get("/docs.css", include_in_schema=False)
    async def style() -> Response:
        return Response(STYLE, media_type="text/css")

    @app.get("/config.json", include_in_schema=False)
    async def config() -> dict[str, Any]:
        return {
            "engine": "server",
            "token_required": token is not None,
            "version": __version__,
            "max_files": service.limits.max_files,
            "max_bytes": service.limits.max_bytes,
        }

    for ending, kind in KINDS.items():
        mimetypes.add_type(kind, ending)
    # Not a mount at "/", which would turn every 405 into a 404.
    app.router.default = _Page(directory=WEB, html=True, check_dir=False)
    return Guard(app, service.limits, service.budget, service.metrics, hosts)


@asynccontextmanager
async def _running(service: Service) -> AsyncIterator[None]:
    with service:
        yield


class _Page(StaticFiles):
    """The files of the page; a browser asks each time whether they are still the same."""

    def file_response(self, *arguments: Any, **options: Any) -> Response:
        response = super().file_response(*arguments, **options)
        response.headers["Cache-Control"] = "no-cache"
        return response


def _bearer(token: str) -> Any:
    expected = token.encode()

    async def check(
        given: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
    ) -> None:
        if given is None or not secrets.compare_digest(given.credentials.encode(), expected):
            words = "this server asks for its token: Authorization: Bearer TOKEN"
            raise Refusal(401, "token", words, {"WWW-Authenticate": "Bearer"})

    return check


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return refused(error)


async def _wrong_query(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    problem = error.errors()[0]
    name = problem["loc"][-1] if problem["type"] != "extra_forbidden" else "an unknown option"
    return refused(Refusal(422, "query", f"{name}: {problem['msg']}"))


async def _gone(request: Request, error: Exception) -> Response:
    return Response(status_code=HUNG_UP)


async def _failed(request: Request, error: Exception) -> Response:
    """`Guard` logs it."""
    return refused(Refusal(500, "internal", "the server failed; its log says where"))
