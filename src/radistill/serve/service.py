"""What the routes share: a model, decoding processes, a queue, counters and an audit log."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import NamedTuple

from radistill.errors import RadistillError
from radistill.imaging.sandbox.intake import Intake, Upload
from radistill.page.page_bundle import bundle_info
from radistill.runtime.decision import Settings
from radistill.runtime.predictor import Predictor
from radistill.runtime.watched_bundle import WatchedBundle
from radistill.serve.audit_log import AuditLog, Caller
from radistill.serve.counters import Metrics
from radistill.serve.film_records import film_records
from radistill.serve.http_refusal import Refusal, busy
from radistill.serve.queue import Queue
from radistill.serve.request_body import Budget
from radistill.serve.request_limits import ServeLimits
from radistill.serve.responses import FilmRecord, FilmRecords

WATCH_SECONDS = 1.0
log = logging.getLogger("radistill.serve")


class ServedModel(NamedTuple):
    """A predictor, and what `/v1/bundle` says of it."""

    predictor: Predictor
    info: str


class AnswerBody(NamedTuple):
    """json: of `FilmRecords`. audit: the hash of their last line in the audit log, if any."""

    json: str
    audit: str


class Service:
    """The decoding processes run, and the bundle is watched, within `running`.

    folder, load: the bundle, and how it is opened. audit: see `AuditLog`.
    """

    def __init__(
        self,
        folder: Path,
        load: Callable[[Path], Predictor],
        limits: ServeLimits | None = None,
        audit: AuditLog | None = None,
    ) -> None:
        self.limits = limits = limits or ServeLimits()
        self.budget = Budget(limits.budget)
        self.queue = Queue(limits.running, limits.waiting, limits.patience)
        self.metrics = Metrics(lambda: self.queue.jobs, lambda: self.budget.held)
        self.reload = False  # set it to load the bundle anew, changed or not
        self._audit = audit
        self._intake = Intake(workers=limits.running, limits=limits.decoding)

        def served(folder: Path) -> ServedModel:
            predictor = load(folder)
            model = ServedModel(predictor, bundle_info(predictor).model_dump_json())
            self.metrics.model(predictor.model)
            return model

        self._bundle = WatchedBundle(folder, served, log)

    @property
    def model(self) -> ServedModel:
        """What new requests are answered by; those that have begun keep theirs."""
        return self._bundle.loaded

    @asynccontextmanager
    async def running(self, _: object = None) -> AsyncIterator[None]:
        """The lifespan of an application."""
        with self._intake, closing(self.queue):
            watch = asyncio.create_task(self._watch())
            try:
                yield
            finally:
                watch.cancel()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            anyway, self.reload = self.reload, False
            try:
                changed = await asyncio.to_thread(self._bundle.refresh, anyway=anyway)
            except Exception as error:  # a fault of ours must not end the watch unseen
                log.error("the bundle could not be looked at: %s", type(error).__name__)
                continue
            if changed:
                model = self.model.predictor.model
                log.info(
                    "new requests are answered by %s %s, sha256 %s",
                    *(model.name, model.version, model.sha256[:12]),
                    extra={"fields": {"model": model.model_dump()}},
                )

    async def predict(
        self,
        predictor: Predictor,
        uploads: Sequence[Upload],
        settings: Settings,
        caller: Caller,
        hang_up: Callable[[], Awaitable[None]],
    ) -> AnswerBody:
        """The records of films, once it is this request's turn; see `Queue.run`.

        Raises Refusal (503) too if they cannot be written to the audit log.
        """

        def job(stop: threading.Event) -> AnswerBody:
            records = film_records(
                predictor,
                self._intake,
                uploads,
                settings,
                seconds=self.limits.request_seconds,
                stop=stop,
            )
            audit = self._write_audit(caller, records)
            for record in records:
                self.metrics.film(record)
            return AnswerBody(
                FilmRecords(predictions=records).model_dump_json(exclude_unset=True), audit
            )

        try:
            return await self.queue.run(job, hang_up)
        except RadistillError:  # no decoding process starts
            raise busy("files cannot be decoded at present") from None

    def _write_audit(self, caller: Caller, records: list[FilmRecord]) -> str:
        if self._audit is None:
            return ""
        try:
            return self._audit.append(caller, records)
        except RadistillError as error:
            log.error("the audit log: %s", error, extra={"fields": {"request_id": caller.request}})
            raise Refusal(503, "audit", "the audit log cannot be written at present") from None
