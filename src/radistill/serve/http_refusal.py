"""Why a request is refused: {"error": {"code", "message"}} with its status."""

import json
from collections.abc import Mapping
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.responses import Response

RETRY_SECONDS = 2


class Refusal(HTTPException):
    """message: for people; it quotes nothing of the request."""

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, message, dict(headers or {}))
        self.code = code


FAILED = Refusal(500, "internal", "the server failed; its log says where")


def busy(message: str) -> Refusal:
    """Try again: too much to do at present."""
    return Refusal(503, "busy", message, {"Retry-After": str(RETRY_SECONDS)})


def refused(refusal: HTTPException) -> Response:
    """The answer to any HTTPException, ours or Starlette's own (404, 405)."""
    phrase = HTTPStatus(refusal.status_code).phrase
    code = refusal.code if isinstance(refusal, Refusal) else phrase.lower().replace(" ", "-")
    body = {"error": {"code": code, "message": str(refusal.detail or phrase)}}
    return Response(
        json.dumps(body), refusal.status_code, refusal.headers, media_type="application/json"
    )
