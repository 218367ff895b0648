"""What the routes share: a predictor, decoding processes, a queue and counters."""

import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, closing

from radistill.errors import RadistillError
from radistill.imaging.sandbox.intake import Intake, Upload
from radistill.page.page_bundle import bundle_info
from radistill.runtime.decision import Settings
from radistill.runtime.predictor import Predictor
from radistill.serve.counters import Metrics
from radistill.serve.film_records import film_records
from radistill.serve.http_refusal import busy
from radistill.serve.queue import Queue
from radistill.serve.request_body import Budget
from radistill.serve.request_limits import ServeLimits
from radistill.serve.responses import FilmRecords


class Service:
    """The decoding processes run within `running`."""

    def __init__(self, predictor: Predictor, limits: ServeLimits | None = None) -> None:
        self.predictor = predictor
        self.limits = limits = limits or ServeLimits()
        self.bundle = bundle_info(predictor).model_dump_json()
        self.budget = Budget(limits.budget)
        self.queue = Queue(limits.running, limits.waiting, limits.patience)
        self.metrics = Metrics(lambda: self.queue.jobs, lambda: self.budget.held)
        self._intake = Intake(workers=limits.running, limits=limits.decoding)

    @asynccontextmanager
    async def running(self, _: object = None) -> AsyncIterator[None]:
        """The lifespan of an application."""
        with self._intake, closing(self.queue):
            yield

    async def predict(
        self,
        uploads: Sequence[Upload],
        settings: Settings,
        hang_up: Callable[[], Awaitable[None]],
    ) -> str:
        """The JSON of `FilmRecords`, once it is this request's turn; see `Queue.run`."""

        def job(stop: threading.Event) -> str:
            records = film_records(
                self.predictor,
                self._intake,
                uploads,
                settings,
                seconds=self.limits.request_seconds,
                stop=stop,
            )
            for record in records:
                self.metrics.film(record)
            return FilmRecords(predictions=records).model_dump_json(exclude_unset=True)

        try:
            return await self.queue.run(job, hang_up)
        except RadistillError:  # no decoding process starts
            raise busy("files cannot be decoded at present") from None
