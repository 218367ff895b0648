"""The routes of version 1."""

import asyncio
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from radistill.errors import UsageError
from radistill.runtime.decision import resolve
from radistill.runtime.prediction_options import PredictionOptions
from radistill.serve import responses
from radistill.serve.audit_log import Caller
from radistill.serve.http_refusal import Refusal
from radistill.serve.queue import HungUp
from radistill.serve.service import Service
from radistill.serve.uploads import uploads_of

HUNG_UP = 499  # nginx's; no client sees it


class PredictionQuery(PredictionOptions):
    """How to decide, as `radistill predict` has it."""

    heatmap: bool = Field(
        False, description="Add the class activation map, and a preview of DICOM and TIFF."
    )


def routes(service: Service) -> APIRouter:
    """`/bundle` and `/predictions` of a service."""
    router = APIRouter(prefix="/v1")

    @router.get("/bundle", summary="The model and its card", responses=responses.BUNDLE)
    async def bundle() -> Response:
        return Response(service.model.info, media_type="application/json")

    @router.post(
        "/predictions",
        summary="Films to decisions",
        responses=responses.PREDICTIONS,
        openapi_extra=responses.FILES,
    )
    async def predictions(request: Request, query: Annotated[PredictionQuery, Query()]) -> Response:
        """One record a file, in order; a file that cannot be read has an error in its place.

        For research and teaching, not a medical device.
        """
        predictor = service.model.predictor  # the request's to its end
        state = request.state
        try:
            settings = resolve(predictor.card, query)
        except UsageError as error:
            raise Refusal(422, "query", str(error)) from None
        service.queue.check()
        uploads = await uploads_of(request, service.limits.max_files)
        try:
            answer = await service.predict(
                predictor,
                uploads,
                replace(settings, views=query.heatmap),
                Caller(state.request_id, getattr(state, "client", None)),
                lambda: _hang_up(request),
            )
        except HungUp:
            return Response(status_code=HUNG_UP)
        state.audit = answer.audit
        return Response(answer.json, media_type="application/json")

    return router


async def _hang_up(request: Request) -> None:
    """Return when the client is gone; its body has been read."""
    while (await request.receive())["type"] != "http.disconnect":
        await asyncio.sleep(0)
