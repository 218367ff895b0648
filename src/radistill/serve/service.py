"""What the routes share: a predictor, decoding processes, a queue and counters."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Any

from radistill.errors import RadistillError
from radistill.imaging.sandbox.intake import Intake, Upload
from radistill.page.about_bundle import about_bundle
from radistill.runtime.predictor import Predictor
from radistill.runtime.settings import Settings
from radistill.serve.answers import answer, encode
from radistill.serve.body import Budget
from radistill.serve.counters import Metrics
from radistill.serve.http_refusal import busy
from radistill.serve.queue import Queue
from radistill.serve.request_limits import ServeLimits


class Service:
    """A context manager: the processes run within it."""

    def __init__(self, predictor: Predictor, limits: ServeLimits | None = None) -> None:
        self.predictor = predictor
        self.limits = limits = limits or ServeLimits()
        self.bundle = json.dumps(about_bundle(predictor)).encode()
        self.budget = Budget(limits.budget)
        self.queue = Queue(limits.running, limits.waiting, limits.patience)
        self.metrics = Metrics(lambda: self.queue.jobs, lambda: self.budget.held)
        self._intake = Intake(workers=limits.running, limits=limits.decoding)

    def __enter__(self) -> Service:
        self._intake.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.queue.close()
        self._intake.__exit__(kind, error, traceback)

    async def predict(
        self,
        uploads: Sequence[Upload],
        settings: Settings,
        hang_up: Callable[[], Awaitable[Any]],
    ) -> bytes:
        """The body of the response, once it is this request's turn; see `Queue.run`."""

        def job(stop: Any) -> bytes:
            records = answer(
                self.predictor,
                self._intake,
                uploads,
                settings,
                seconds=self.limits.request_seconds,
                stop=stop,
            )
            for record in records:
                self.metrics.film(record)
            return encode(records)

        try:
            return await self.queue.run(job, hang_up)
        except RadistillError:  # no decoding process can be started
            raise busy("files cannot be decoded at present") from None
