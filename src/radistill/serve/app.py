"""The application: routes, the page, and the guard around them."""

import mimetypes
from collections.abc import Awaitable, Callable, Collection, Coroutine
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
from radistill.page.page_config import PageConfig
from radistill.serve import responses
from radistill.serve.client_tokens import Tokens
from radistill.serve.docs_page import STYLE, docs_page
from radistill.serve.guard import Guard
from radistill.serve.http_refusal import FAILED, Refusal, refused
from radistill.serve.routes import HUNG_UP, routes
from radistill.serve.service import Service

MEDIA_TYPES = {  # the system's own table may lack these or have them wrong
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
    service: Service, *, tokens: Tokens | None = None, hosts: Collection[str] | None = None
) -> ASGIApp:
    """The ASGI application.

    tokens: of which `Authorization: Bearer` must hold one for films and metrics; None asks for
    none. The page itself is public. hosts: see `Guard`.
    """
    app = FastAPI(
        title="radistill",
        version=__version__,
        description="Chest X-rays to decisions. For research and teaching, not a medical device.",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=service.running,
        exception_handlers=_HANDLERS,
    )
    guarded = [] if tokens is None else [Depends(_bearer(tokens))]
    app.include_router(routes(service), dependencies=guarded)

    @app.get(
        "/metrics",
        summary="Counters for Prometheus",
        response_class=PlainTextResponse,
        responses=responses.METRICS,
        dependencies=guarded,
    )
    async def metrics() -> Response:
        return PlainTextResponse(service.metrics.text(), media_type="text/plain; version=0.0.4")

    @app.get(
        "/healthz", summary="Whether it answers, and by which model", responses=responses.HEALTH
    )
    async def healthz() -> responses.Health:
        return responses.Health(version=__version__, model=service.model.predictor.model)

    @app.get("/docs", include_in_schema=False)
    async def docs() -> Response:
        return Response(docs_page(app.openapi()), media_type="text/html")

    @app.get("/docs.css", include_in_schema=False)
    async def style() -> Response:
        return Response(STYLE, media_type="text/css")

    @app.get("/config.json", include_in_schema=False)
    async def config() -> PageConfig:
        return PageConfig(
            engine="server",
            token_required=tokens is not None,
            max_files=service.limits.max_files,
            max_bytes=service.limits.max_bytes,
        )

    for ending, kind in MEDIA_TYPES.items():
        mimetypes.add_type(kind, ending)
    # Not a mount at "/", which would turn every 405 into a 404.
    app.router.default = _PageFiles(directory=WEB, html=True, check_dir=False)
    return Guard(app, service.limits, service.budget, service.metrics, hosts)


class _PageFiles(StaticFiles):
    """The files of the page; a browser asks each time whether they have changed."""

    def file_response(self, *arguments: Any, **options: Any) -> Response:
        response = super().file_response(*arguments, **options)
        response.headers["Cache-Control"] = "no-cache"
        return response


def _bearer(tokens: Tokens) -> Callable[..., Awaitable[None]]:
    async def check(
        request: Request,
        given: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
    ) -> None:
        request.state.client = None if given is None else tokens.client(given.credentials)
        if request.state.client is None:
            message = "this server asks for its token: Authorization: Bearer TOKEN"
            raise Refusal(401, "token", message, {"WWW-Authenticate": "Bearer"})

    return check


async def _refused(request: Request, error: HTTPException) -> Response:
    return refused(error)


async def _wrong_query(request: Request, error: RequestValidationError) -> Response:
    problem = error.errors()[0]
    name = problem["loc"][-1] if problem["type"] != "extra_forbidden" else "an unknown option"
    return refused(Refusal(422, "query", f"{name}: {problem['msg']}"))


async def _gone(request: Request, error: Exception) -> Response:
    return Response(status_code=HUNG_UP)


async def _failed(request: Request, error: Exception) -> Response:
    return refused(FAILED)  # `Guard` logs it


_HANDLERS: dict[int | type[Exception], Callable[[Request, Any], Coroutine[Any, Any, Response]]] = {
    HTTPException: _refused,
    RequestValidationError: _wrong_query,
    ClientDisconnect: _gone,
    Exception: _failed,
}
